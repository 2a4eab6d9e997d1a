"""Terms of invoices: who sells, and at which rate of value-added tax. Each publication is a new version.

Goods and freight of a brand have one rate, as freight that a seller charges is taxed as its goods are.
"""

from datetime import datetime
from typing import cast

import sqlalchemy as sa

from app.commission.policies import next_version
from app.commission.withdrawals import may_decide
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput
from app.platform.settings import load_settings
from app.trade.invoice_models import InvoiceTermsRow
from app.trade.invoice_rules import read_tax_number
from app.trade.invoice_values import InvoiceTerms

LONGEST_NAME = 100
HIGHEST_RATE_BP = 10_000


async def current(session: BrandSession) -> InvoiceTerms:
    """The terms in force; without any the brand's name and the usual rate. One statement."""
    found = await session.execute(
        sa.select(
            InvoiceTermsRow.version,
            InvoiceTermsRow.seller_name,
            InvoiceTermsRow.seller_tax_number,
            InvoiceTermsRow.tax_rate_bp,
        )
        .where(InvoiceTermsRow.brand_id == session.brand_id)
        .order_by(InvoiceTermsRow.version.desc())
        .limit(1)
    )
    row = found.first()
    if row is None:
        return InvoiceTerms(0, session.brand.name, None, load_settings().invoice_tax_rate_bp)
    return InvoiceTerms(*row)


async def publish(
    session: BrandSession,
    actor: Actor,
    *,
    seller_name: str,
    seller_tax_number: str | None,
    tax_rate_bp: int,
    now: datetime,
) -> int:
    """Put terms in force for invoices that are issued from now on; gives their version. One statement.

    Name: 1 to 100 characters. Raises: Forbidden for all but finance and the owner, InvalidInput.
    """
    if not may_decide(actor):
        raise Forbidden
    name = texts.line(seller_name, "sellerName", longest=LONGEST_NAME)
    tax_number = None
    if seller_tax_number is not None and seller_tax_number.strip():
        tax_number = read_tax_number(seller_tax_number)
        if tax_number is None:
            raise InvalidInput("tax_number_form", path=("sellerTaxNumber",))
    if not 0 <= tax_rate_bp <= HIGHEST_RATE_BP:
        raise InvalidInput("invoice_rate", path=("taxRateBp",))
    return await next_version(
        session,
        cast("sa.Table", InvoiceTermsRow.__table__),
        {
            "id": session.new_id(),
            "seller_name": name,
            "seller_tax_number": tax_number,
            "tax_rate_bp": tax_rate_bp,
            "published_at": now,
            "published_by": actor.principal,
        },
    )
