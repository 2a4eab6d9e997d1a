"""The invoice provider that this installation offers. Tax-control providers come with settings of their own."""

from app.platform.integrations.invoices import InvoiceProvider
from app.platform.integrations.payments import ProviderRefused
from app.platform.integrations.sandbox_invoice import SandboxInvoice
from app.platform.runtime import Runtime
from app.platform.settings import Settings


def is_offered(settings: Settings) -> bool:
    """Whether invoices can be issued here: by the sandbox everywhere but in production."""
    return not settings.is_production


def required_provider(runtime: Runtime) -> InvoiceProvider:
    """The adapter of the provider. Raises: ProviderRefused where none is offered."""
    if not is_offered(runtime.settings):
        raise ProviderRefused("invoices are not issued here")
    return SandboxInvoice(runtime.database, runtime.settings)
