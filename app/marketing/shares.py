"""Shares: a guide passes a material on, by a code of its own that leads every opening back to this share."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers import reads as customers
from app.customers.values import BindingState
from app.employees import reads as employees
from app.marketing import codes, material_reads
from app.marketing.material_rules import SOMEBODY, fill_script
from app.marketing.models import ShareRow
from app.marketing.values import Channel, ScriptFacts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound

SHARE_TEXT = "share_text"


async def share(
    session: BrandSession,
    actor: Actor,
    *,
    material_id: UUID,
    channel: Channel,
    customer_id: UUID | None = None,
    base_url: str,
    now: datetime,
) -> UUID:
    """Share the newest version of a material of the actor's toolbox, from the own shop.

    The script is filled in: {customer} with the shown name of a customer whom the actor serves, {link} with the code's
    address on `base_url`. Raises: Forbidden, InvalidInput (no shop), NotFound (a material not in the toolbox or
    withdrawn; a customer of somebody else's).
    """
    if not actor.is_employee or actor.employee_id is None:
        raise Forbidden
    if actor.shop_id is None:
        raise InvalidInput("code_without_shop", path=("materialId",))
    material = (await material_reads.visible(session, actor, [material_id])).get(material_id)
    if material is None or material.is_withdrawn:
        raise NotFound("Material", path=("materialId",))
    customer = SOMEBODY if customer_id is None else await _served(session, actor, customer_id)
    code = await codes.create_share_code(session, actor, material_id=material_id, channel=channel, now=now)
    text = None
    if material.content.script is not None:
        guide = (await employees.employees_by_id(session, [actor.employee_id]))[actor.employee_id]
        facts = ScriptFacts(
            guide=guide.display_name,
            store=session.brand.name if guide.store is None else guide.store.name,
            customer=customer,
            link=codes.link_of(code.token, base_url),
        )
        text = session.vault.seal(session.brand_id, SHARE_TEXT, fill_script(material.content.script, facts))
    share_id = session.new_id()
    await session.execute(
        sa.insert(ShareRow).values(
            brand_id=session.brand_id,
            id=share_id,
            guide_id=actor.employee_id,
            material_id=material_id,
            version=material.version,
            code_id=code.code_id,
            channel=channel.value,
            customer_id=customer_id,
            text=text,
            shared_at=now,
        )
    )
    return share_id


async def _served(session: BrandSession, actor: Actor, customer_id: UUID) -> str:
    """The shown name of a customer whom the actor serves now. Raises: NotFound."""
    facts = (await customers.visible_customers(session, actor, [customer_id])).get(customer_id)
    binding = None if facts is None else facts.binding
    is_served = (
        binding is not None and binding.guide_id == actor.employee_id and binding.state is not BindingState.EXPIRED
    )
    if facts is None or not is_served:
        raise NotFound("Customer", path=("customerId",))
    return facts.display_name
