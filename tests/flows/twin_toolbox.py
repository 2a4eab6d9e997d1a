"""The toolbox in one brand's story: materials, a share that somebody opened, read and bought with; its reads and
writes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.customers.values import Channel
from app.employees import audiences
from app.marketing import codes, material_reads, materials, readings, share_reads, shares
from app.marketing.values import MaterialContent, MaterialKind
from app.platform.actor import ANONYMOUS
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import shelf_reads
from app.trade import code_sales

if TYPE_CHECKING:
    from tests.flows.twins import Tale

BASE_URL = "https://shop.example"


async def fill(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """A material of two versions, and the guide's share of it, by which the member comes."""
    ids, now, mark = tale.ids, session.now, tale.mark
    audience = await audiences.checked(
        session, org_unit_ids=[ids["root"]], roles=["GUIDE"], employee_ids=[ids["colleague"]]
    )
    content = MaterialContent(
        f"{mark}册", f"{mark}文", "/media/a.png", ("/media/b.pdf",), f"{mark}{{customer}}{{link}}"
    )
    ids["material"] = await materials.create(
        session, tale.owner, kind=MaterialKind.BROCHURE, content=content, audience=audience, now=now
    )
    await materials.update(
        session, tale.owner, material_id=ids["material"], product_ids=(ids["product"], ids["withdrawn"]), now=now
    )
    ids["share"] = await shares.share(
        session,
        in_branch(tale),
        material_id=ids["material"],
        channel=Channel.WECOM,
        customer_id=ids["customer"],
        base_url=BASE_URL,
        now=now,
    )
    view = (await share_reads.by_id(session, [ids["share"]]))[ids["share"]]
    ids["share_code"], tale.tokens["share_code"] = view.code_id, view.token


async def open_share(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    opened = await codes.scan(session, tale.customer("member"), token=tale.tokens["share_code"], now=session.now)
    tale.ids["share_touch"] = opened.touchpoint_id


async def read_share(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    seconds = await readings.note(session, touchpoint_id=tale.ids["share_touch"], seconds=pieces, now=session.now)
    assert seconds == pieces


def in_branch(tale: "Tale") -> Any:
    return tale.employee("guide", branch=f"/{tale.ids['root'].hex}/{tale.ids['area'].hex}/")


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "toolbox": lambda s, t: material_reads.page(s, in_branch(t), limit=9),
    "size of the toolbox": lambda s, t: material_reads.count(s, t.owner, with_withdrawn=True),
    "materials in sight": lambda s, t: material_reads.visible(s, in_branch(t), [t.ids["material"]]),
    "material": lambda s, t: material_reads.by_id(s, t.ids["material"]),
    "shelf items": lambda s, t: shelf_reads.shelf_items(
        s, shop_id=t.ids["shop_of_guide"], branch="", product_ids=[t.ids["product"], t.ids["withdrawn"]]
    ),
    "shares": lambda s, t: share_reads.page(s, guide_id=t.ids["guide"], limit=9),
    "number of shares": lambda s, t: share_reads.count(s, guide_id=t.ids["guide"]),
    "shares by id": lambda s, t: share_reads.by_id(s, [t.ids["share"]]),
    "figures of a share": lambda s, t: share_reads.figures_of_codes(s, [t.ids["share_code"]]),
    "openers of a share": lambda s, t: share_reads.openers_of_codes(s, [t.ids["share_code"]]),
    "sales of codes": lambda s, t: code_sales.sales_of_codes(s, [t.ids["product_code"]]),
    "audience": lambda s, t: audiences.checked(s, org_unit_ids=[t.ids["area"]], employee_ids=[t.ids["guide"]]),
}


async def change(runtime: Runtime, s: BrandSession, t: "Tale") -> None:
    """A new material that is changed, shared, opened, read and withdrawn."""
    made = await materials.create(s, t.owner, kind=MaterialKind.NEWS, content=MaterialContent("新"), now=s.now)
    await materials.update(s, t.owner, material_id=made, title="更新", now=s.now)
    await shares.share(s, in_branch(t), material_id=made, channel=Channel.LINK, base_url=BASE_URL, now=s.now)
    await codes.create_share_code(s, in_branch(t), material_id=made, channel=Channel.LINK, now=s.now)
    await codes.scan(s, ANONYMOUS, token=t.tokens["share_code"], now=s.now)
    await readings.note(s, touchpoint_id=t.ids["share_touch"], seconds=900, now=s.now)
    await materials.withdraw(s, t.owner, material_id=made, now=s.now)
