"""The payout provider that this installation offers."""

from app.platform.integrations.payments import ProviderRefused
from app.platform.integrations.payouts import PayoutProvider, PayoutState
from app.platform.integrations.sandbox_payout import SandboxPayout
from app.platform.runtime import Runtime
from app.platform.settings import Settings


def is_offered(settings: Settings) -> bool:
    """Whether commission can be paid out here: by the sandbox everywhere but in production."""
    return not settings.is_production


def required_provider(runtime: Runtime) -> PayoutProvider:
    """The adapter of the provider. Raises: ProviderRefused where none is offered."""
    if not is_offered(runtime.settings):
        raise ProviderRefused("payouts are not offered here")
    return SandboxPayout(runtime.database, runtime.settings)


async def confirm_in_sandbox(runtime: Runtime, number: str) -> PayoutState:
    """Play the recipient who agrees to be paid; see `SandboxPayout.confirm`."""
    return await SandboxPayout(runtime.database, runtime.settings).confirm(number)
