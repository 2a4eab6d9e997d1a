"""The payment providers that this installation offers, by the names that customers and callbacks use."""

from app.platform.integrations.payments import ChargeRequest, PaymentProvider, ProviderRefused
from app.platform.integrations.sandbox_bank import Confirmation, SandboxBank
from app.platform.integrations.sandbox_pay import SandboxPay
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.trade.values import ProviderName


def is_offered(settings: Settings, name: ProviderName) -> bool:
    """Whether customers can pay this way: the sandbox everywhere but in production, the others once they are built."""
    return name is ProviderName.SANDBOX and not settings.is_production


def provider_of(runtime: Runtime, name: ProviderName) -> PaymentProvider | None:
    """The adapter of a provider that is offered, else None."""
    if not is_offered(runtime.settings, name):
        return None
    return SandboxPay(SandboxBank(runtime.database, runtime.settings), runtime.settings, runtime.secrets)


def required_provider(runtime: Runtime, name: str) -> PaymentProvider:
    """The adapter of a payment's provider. Raises: ProviderRefused when it is offered no more."""
    provider = provider_of(runtime, ProviderName(name))
    if provider is None:
        raise ProviderRefused(f"payments by {name} are not offered here")
    return provider


async def confirm_in_sandbox(runtime: Runtime, number: str, *, is_late: bool) -> Confirmation:
    """Play the customer who pays a sandbox charge; see `SandboxBank.confirm`."""
    return await SandboxBank(runtime.database, runtime.settings).confirm(number, is_late=is_late)


async def settle_in_sandbox(runtime: Runtime, request: ChargeRequest) -> str:
    """Let the sandbox have the money of a payment that is made up; see `SandboxBank.settle`."""
    return await SandboxBank(runtime.database, runtime.settings).settle(request)
