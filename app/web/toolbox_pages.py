"""The guide's toolbox: what headquarters put in, one material, and sharing it."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.customers import reads as customers
from app.marketing import material_reads, shares
from app.marketing.material_reads import MaterialView
from app.marketing.values import Channel, MaterialKind
from app.platform.db import BrandSession
from app.platform.errors import NotFound, UserFault
from app.platform.idempotency import Result
from app.web import answers, forms, lists, toolbox_views, views
from app.web.answers import Refused
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

WAYS: Final = (
    Channel.WECHAT_CHAT,
    Channel.WECHAT_MOMENTS,
    Channel.WECOM,
    Channel.OFFICIAL_ACCOUNT,
    Channel.SMS,
    Channel.LINK,
    Channel.OTHER,
)
"""Where a guide shares things from the phone, the commonest first."""
MOST_CUSTOMERS: Final = 100
"""Customers whom the page offers to name, those bound last."""


async def show_toolbox(reader: StaffReader) -> Response:
    """`GET /guide/toolbox`: the materials for this guide, the newest first; `?kind=` narrows."""
    require_guide(reader)
    asked_kind = reader.request.query_params.get("kind", "")
    kind = next((one for one in MaterialKind if one.value == asked_kind), None)
    kinds = None if kind is None else [kind]
    asked = lists.read(reader.request, "page_materials", (UUID,), kind=kind or "")
    async with reader.reading() as session:
        found = await material_reads.page(
            session,
            reader.actor,
            kinds=kinds,
            limit=asked.limit,
            after=None if asked.after is None else asked.after[0],
        )
        total = await material_reads.count(session, reader.actor, kinds=kinds)
    listed = asked.listed(found, lambda view: (view.material_id,))
    say = reader.say
    values = {
        "materials": [toolbox_views.material_line(view, say) for view in listed.rows],
        "total": total,
        "listed": listed,
        "kind": kind or "",
        "kinds": [("", say("material_any")), *((one.value, say(f"material_{one.lower()}")) for one in MaterialKind)],
    }
    return reader.show("guide_toolbox.html", values)


async def show_material(reader: StaffReader) -> Response:
    """`GET /guide/toolbox/{material_id}`: what a material says, and the form that shares it."""
    return await _material_page(reader)


async def share_material(reader: StaffReader) -> Response:
    """`POST /guide/toolbox/{material_id}`: make a share, and lead to its page."""
    require_guide(reader)
    form = await reader.form()
    channel = next((one for one in WAYS if one.value == form.text("channel")), None)
    given = form.text("customer")
    if channel is None:
        return await _material_page(reader, errors={"channel": reader.say("code_channel_required")}, customer=given)
    material_id = _material_id(reader)
    customer_id = views.id_in(given, "Customer") if given else None

    async def act(session: BrandSession) -> Result:
        if given and customer_id is None:
            raise NotFound("Customer", path=("customerId",))
        share_id = await shares.share(
            session,
            reader.actor,
            material_id=material_id,
            channel=channel,
            customer_id=customer_id,
            base_url=reader.runtime.settings.base_url,
            now=session.now,
        )
        return {"share_id": str(share_id)}

    body = {"material": str(material_id), "channel": channel.value, "customer": given}
    made = await reader.change("materialShare", act, key=form.text("key"), body=body)
    if isinstance(made, UserFault):
        where = "customer" if made.path[-1:] == ("customerId",) else "channel"
        return await _material_page(reader, errors={where: reader.explain(made)}, channel=channel.value, customer=given)
    return answers.see(toolbox_views.share_path(UUID(made["share_id"])))


async def _material_page(
    reader: StaffReader,
    *,
    errors: dict[str, str] | None = None,
    channel: str = Channel.WECHAT_CHAT.value,
    customer: str = "",
) -> Response:
    guide_id, material_id, say = require_guide(reader), _material_id(reader), reader.say
    async with reader.reading() as session:
        material = (await material_reads.visible(session, reader.actor, [material_id])).get(material_id)
        if material is None:
            raise Refused(_missing(reader))
        named = []
        if _speaks_to_somebody(material):
            named = await customers.guide_customers(session, guide_id=guide_id, limit=MOST_CUSTOMERS)
    options = [(encode_global_id("Customer", one.customer_id), one.display_name) for one in named]
    values = {
        "line": toolbox_views.material_line(material, say),
        "material": material.content,
        "version": material.version,
        "can_share": reader.actor.shop_id is not None and not material.is_withdrawn,
        "is_withdrawn": material.is_withdrawn,
        "channels": [(one.value, say(f"channel_{one.lower()}")) for one in WAYS],
        "channel": channel,
        "customers": [("", say("share_to_nobody")), *options] if options else [],
        "customer": customer,
        "key": forms.new_key(),
        "errors": errors or {},
    }
    return reader.show("guide_material.html", values, status=422 if errors else 200)


def _speaks_to_somebody(material: MaterialView) -> bool:
    return material.content.script is not None and "{customer}" in material.content.script


def _material_id(reader: StaffReader) -> UUID:
    """The material that the address names. Raises: Refused for an address that names none."""
    found = views.id_in(reader.request.path_params["material_id"], "Material")
    if found is None:
        raise Refused(_missing(reader))
    return found


def _missing(reader: StaffReader) -> Response:
    say = reader.say
    return answers.missing("material", say=say, href="/guide/toolbox", label=say("toolbox"))
