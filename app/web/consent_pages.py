"""What a customer allowed: shown, given and taken back, each decision with the version of its text."""

from typing import Final

from starlette.responses import Response

from app.customers import consents
from app.customers.consents import Consent
from app.customers.values import ConsentPurpose
from app.platform.db import BrandSession
from app.platform.errors import UserFault
from app.platform.idempotency import Result
from app.web import answers
from app.web.readers import ShopReader

ASKED: Final = (ConsentPurpose.MARKETING, ConsentPurpose.PROFILING)
"""The purposes that pages ask about; never a condition of buying."""
VERSION: Final = "pages-1"
"""The version of the sentences that are agreed to; raise it with them."""


async def show_consents(reader: ShopReader) -> Response:
    """`GET /s/{slug}/consents`."""
    reader.require_customer()
    return await _show(reader, is_saved=reader.request.query_params.get("saved") == "yes")


async def save_consents(reader: ShopReader) -> Response:
    """`POST /s/{slug}/consents`: what has changed is recorded; what has not is left alone."""
    reader.require_customer()
    form = await reader.form()
    granted = await granted_by(reader)
    changed = [
        Consent(purpose, VERSION, form.has(purpose.value))
        for purpose in ASKED
        if form.has(purpose.value) != (purpose in granted)
    ]

    async def act(session: BrandSession) -> Result:
        if reader.actor.customer_id is not None:
            await consents.record(session, customer_id=reader.actor.customer_id, consents=changed, now=session.now)
        return {}

    done = await reader.change("consents", act)
    if isinstance(done, UserFault):
        return await _show(reader, is_saved=False)
    return answers.see(f"{reader.path}/consents?saved=yes")


async def granted_by(reader: ShopReader) -> set[ConsentPurpose]:
    """The purposes that the customer allows at present."""
    return {purpose for purpose, consent in (await _decided(reader)).items() if consent.granted}


async def undecided_by(reader: ShopReader) -> list[str]:
    """The purposes that the customer was never asked about."""
    decided = await _decided(reader)
    return [purpose.value for purpose in ASKED if purpose not in decided]


async def _decided(reader: ShopReader) -> dict[ConsentPurpose, Consent]:
    if reader.actor.customer_id is None:
        return {}
    async with reader.reading() as session:
        return await consents.in_force(session, customer_id=reader.actor.customer_id)


async def _show(reader: ShopReader, *, is_saved: bool) -> Response:
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "asked": [purpose.value for purpose in ASKED],
        "granted": {purpose.value for purpose in await granted_by(reader)},
        "is_saved": is_saved,
    }
    return reader.show("consents.html", values)
