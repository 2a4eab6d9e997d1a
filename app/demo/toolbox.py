"""The demo's toolbox: a material of every kind, and what some guides' shares of them led to."""

from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.customers.values import Channel
from app.demo.brand_setup import Setup
from app.employees import audiences
from app.marketing import codes, materials, readings, share_reads, shares
from app.marketing.values import MaterialContent, MaterialKind
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.products import reads

FILLED: Final = timedelta(hours=9)
SHARED: Final = timedelta(days=1, hours=10)
OPENED: Final = timedelta(days=1, hours=20)
READ: Final = timedelta(days=1, hours=20, minutes=5)
SHARERS: Final = 3
"""Guides who share, the first ones."""
OPENINGS: Final = (3, 2, 0)
"""How many people open each of these guides' shares."""


class _Piece(NamedTuple):
    """A material: kind, title, words, the script that goes with it, and whether it leads on to goods."""

    kind: MaterialKind
    title: str
    body: str
    script: str | None = None
    has_goods: bool = False
    roles: tuple[str, ...] = ()


PIECES: Final = (
    _Piece(
        MaterialKind.NAME_CARD,
        "我的名片",
        "样板生活的导购，家里的布艺都可以问我。",
        "我是{store}的{guide}，这是我的名片：{link}",
    ),
    _Piece(MaterialKind.COMPANY, "样板生活是谁", "一家做家居布艺的店，六个城市，每家店都能摸到料子再买。"),
    _Piece(
        MaterialKind.NEWS,
        "这周到了一批长绒棉",
        "新疆长绒棉，六十支。床单、被套、枕套都到店了。",
        "{customer}，你上次问的长绒棉到店了：{link}",
    ),
    _Piece(MaterialKind.BROCHURE, "秋冬画册", "三十页，按房间分。先翻卧室那一章。"),
    _Piece(
        MaterialKind.PRODUCT,
        "盖毯怎么挑",
        "看克重，看收边，再看洗标。\n下面三条，是店里回头客最多的。",
        "{customer}，盖毯怎么挑，写在这里了：{link}",
        has_goods=True,
    ),
    _Piece(
        MaterialKind.QUOTATION, "整屋布艺报价说明", "按窗量尺，按米算料，改尺寸不另收。", roles=("MANAGER", "GUIDE")
    ),
    _Piece(MaterialKind.CASE, "滨江一套三居的布艺", "业主怕光，主卧用了双层帘。用了一年，洗过两次，没有缩水。"),
    _Piece(MaterialKind.FILE, "洗护对照表", "一张表看懂哪些能机洗。"),
    _Piece(MaterialKind.VIDEO, "三分钟学会套被套", "店里的人都是这样套的。"),
    _Piece(MaterialKind.TESTIMONIAL, "她第四年还在用", "“洗了上百次，边还没散。”"),
)
PRODUCT_PIECE: Final = 4


async def fill(session: BrandSession) -> dict[str, Any]:
    """Put every piece into the toolbox; gives their ids."""
    goods = await reads.product_page(session, limit=3)
    made: list[str] = []
    for number, piece in enumerate(PIECES):
        content = MaterialContent(
            title=piece.title,
            body=piece.body,
            cover_url=f"/media/demo/{number * 6:02d}.svg",
            script=piece.script,
            product_ids=tuple(one.product_id for one in goods) if piece.has_goods else (),
        )
        audience = await audiences.checked(session, "audience", roles=piece.roles)
        material_id = await materials.create(
            session, SYSTEM, kind=piece.kind, content=content, audience=audience, now=session.now
        )
        made.append(str(material_id))
    return {"materials": made}


async def share(session: BrandSession, setup: Setup, filled: dict[str, Any], base_url: str) -> dict[str, Any]:
    """The first guides share the piece with goods; gives the tokens."""
    made: list[str] = []
    for guide in setup.guides[:SHARERS]:
        actor = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide.employee_id, role="GUIDE", shop_id=guide.shop_id)
        share_id = await shares.share(
            session,
            actor,
            material_id=UUID(filled["materials"][PRODUCT_PIECE]),
            channel=Channel.WECHAT_MOMENTS,
            base_url=base_url,
            now=session.now,
        )
        made.append((await share_reads.by_id(session, [share_id]))[share_id].token)
    return {"tokens": made}


async def open_shares(session: BrandSession, shared: dict[str, Any]) -> dict[str, Any]:
    """People open them; gives the touchpoints."""
    touched: list[str] = []
    for token, people in zip(shared["tokens"], OPENINGS, strict=True):
        for _ in range(people):
            scan = await codes.scan(session, ANONYMOUS, token=token, now=session.now)
            touched.append(str(scan.touchpoint_id))
    return {"touchpoints": touched}


async def read_them(session: BrandSession, opened: dict[str, Any]) -> dict[str, Any]:
    """They read for a while, each longer than the one before."""
    for number, touchpoint_id in enumerate(opened["touchpoints"], start=1):
        await readings.note(session, touchpoint_id=UUID(touchpoint_id), seconds=number * 40, now=session.now)
    return {}
