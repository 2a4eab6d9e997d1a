"""Personal codes (专属二维码): guide × target × channel, each with a short signed token that is printed and scanned.

A code is never a dead end: one that was revoked, or whose guide has left, still leads into the shop; it only no longer
counts for that guide.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers import bindings, policies, touchpoints, visitors
from app.customers.values import BindingCandidate, Channel, TouchpointKind
from app.employees.models import EmployeeRow
from app.marketing.models import CodeRow
from app.marketing.rules import make_token, token_is_genuine
from app.marketing.targets import Target, check_reach, in_own_shop, shop_of_store, target_of
from app.marketing.values import CodeKind
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession, register
from app.platform.errors import NotFound
from app.platform.personal_data import PersonalData

CODE_TOKEN = "CODE_TOKEN"  # noqa: S105 - the kind of a directory entry
LONGEST_LABEL = 40
_PURPOSE = "code"
_RANDOM_BYTES = 16


@dataclass(frozen=True, slots=True)
class CodeMade:
    """A new code."""

    code_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a code means today. `guide_id` None: a store's own code. `store_id` is where the guide works now."""

    code_id: UUID
    kind: CodeKind
    guide_id: UUID | None
    guide_is_active: bool
    shop_id: UUID | None
    store_id: UUID | None
    target_id: UUID | None
    channel: Channel | None
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan did. `binding_id` is the signed-in customer's binding afterwards; nobody else is told one.

    `material_id`: what the code of a share or a material's poster leads to; None once it is revoked.
    """

    visitor_id: UUID
    visitor_token: str
    touchpoint_id: UUID
    shop_id: UUID | None
    binding_id: UUID | None
    material_id: UUID | None = None


def link_of(token: str, base_url: str) -> str:
    """What a code's picture decodes to, on the server at `base_url`."""
    return f"{base_url}/q/{token}"


def is_genuine(vault: PersonalData, token: str) -> bool:
    """Whether a token is one of ours, told without a look at the database. Any text may be asked about."""
    return token_is_genuine(token, vault.derived_keys(_PURPOSE))


async def create_code(
    session: BrandSession,
    actor: Actor,
    *,
    kind: CodeKind,
    target_id: UUID | None = None,
    channel: Channel | None = None,
    label: str | None = None,
    now: datetime,
) -> CodeMade:
    """Make a code.

    SHOP: the own shop, or for headquarters and managers one in reach. PRODUCT: a published product in the own shop.
    MATERIAL: one of the actor's toolbox, in the own shop. STORE: the own store, or one in reach. CAMPAIGN: a coupon
    template, in the own shop. QUOTATION: none, each quotation has its own. Label: up to 40 characters.
    Raises: Forbidden, InvalidInput, NotFound.
    """
    text = texts.optional_line(label, "label", longest=LONGEST_LABEL)
    target = await target_of(session, actor, kind, target_id)
    return await _insert(session, kind=kind, target=target, channel=channel, label=text, is_personal=False, now=now)


async def create_share_code(
    session: BrandSession, actor: Actor, *, material_id: UUID, channel: Channel, now: datetime
) -> CodeMade:
    """Make the code of a share, whose material was looked at before. Raises: InvalidInput for whoever has no shop."""
    target = in_own_shop(actor, material_id)
    return await _insert(
        session, kind=CodeKind.MATERIAL, target=target, channel=channel, label=None, is_personal=False, now=now
    )


async def create_quotation_code(session: BrandSession, actor: Actor, *, quotation_id: UUID, now: datetime) -> CodeMade:
    """Make the code of a quotation that is about to be. Raises: InvalidInput for whoever has no shop."""
    target = in_own_shop(actor, quotation_id)
    return await _insert(
        session, kind=CodeKind.QUOTATION, target=target, channel=None, label=None, is_personal=False, now=now
    )


async def create_personal_code(
    session: BrandSession, *, guide_id: UUID, shop_id: UUID, store_id: UUID | None, now: datetime
) -> CodeMade:
    """Make the code that a shop's `codeUrl` shows; a guide has one at a time."""
    target = Target(guide_id=guide_id, shop_id=shop_id, store_id=store_id, target_id=shop_id)
    return await _insert(
        session, kind=CodeKind.SHOP, target=target, channel=None, label=None, is_personal=True, now=now
    )


async def revoke(session: BrandSession, actor: Actor, *, code_id: UUID, now: datetime) -> CodeMade | None:
    """End what a code counts for; it goes on leading into the shop. Done twice it is done once.

    A personal code is replaced at once by the code that is given back, so that no shop is without one. Raises: NotFound
    for a code that is neither the actor's nor in the actor's reach.
    """
    row = (
        await session.execute(
            sa.select(CodeRow.guide_id, CodeRow.shop_id, CodeRow.store_id, CodeRow.is_personal, CodeRow.revoked_at)
            .where(CodeRow.brand_id == session.brand_id, CodeRow.id == code_id)
            .with_for_update()
        )
    ).first()
    if row is None:
        raise NotFound("Code", path=("codeId",))
    await check_reach(session, actor, guide_id=row.guide_id, store_id=row.store_id)
    if row.revoked_at is not None:
        return None
    await session.execute(
        sa.update(CodeRow)
        .where(CodeRow.brand_id == session.brand_id, CodeRow.id == code_id)
        .values(revoked_at=now, is_personal=False)
        .execution_options(synchronize_session=False)
    )
    if not row.is_personal or row.guide_id is None or row.shop_id is None:
        return None
    return await create_personal_code(
        session, guide_id=row.guide_id, shop_id=row.shop_id, store_id=row.store_id, now=now
    )


async def facts_by_token(session: BrandSession, token: str) -> CodeFacts | None:
    """What the brand's code of this token means; None for a forged or unknown one. One statement."""
    if not is_genuine(session.vault, token):
        return None
    row = (
        await session.execute(
            sa.select(
                CodeRow.id,
                CodeRow.kind,
                CodeRow.guide_id,
                CodeRow.shop_id,
                sa.func.coalesce(EmployeeRow.store_id, CodeRow.store_id).label("store_id"),
                CodeRow.target_id,
                CodeRow.channel,
                CodeRow.revoked_at,
                EmployeeRow.state,
            )
            .outerjoin(
                EmployeeRow, sa.and_(EmployeeRow.brand_id == CodeRow.brand_id, EmployeeRow.id == CodeRow.guide_id)
            )
            .where(CodeRow.brand_id == session.brand_id, CodeRow.token == token)
        )
    ).first()
    if row is None:
        return None
    return CodeFacts(
        code_id=row.id,
        kind=CodeKind(row.kind),
        guide_id=row.guide_id,
        guide_is_active=row.state == "ACTIVE",
        shop_id=row.shop_id,
        store_id=row.store_id,
        target_id=row.target_id,
        channel=None if row.channel is None else Channel(row.channel),
        is_revoked=row.revoked_at is not None,
    )


async def scan(
    session: BrandSession,
    actor: Actor,
    *,
    token: str,
    visitor_token: str | None = None,
    channel: Channel | None = None,
    now: datetime,
) -> Scan:
    """Record that somebody scanned a code, and bind where the policy says so.

    A visitor token that is unknown, another brand's or another customer's makes a new visitor. Without `channel` it is
    the code's, else OTHER. A revoked code's touch names no guide; that of a guide who has left binds nobody to him.
    Raises: NotFound for a forged or unknown token. Emits: CustomerBound.
    """
    code = await facts_by_token(session, token)
    if code is None:
        raise NotFound("Code", path=("code",))
    customer_id = actor.customer_id if actor.is_customer else None
    visitor, own_token = await _visitor_of(session, customer_id=customer_id, visitor_token=visitor_token, now=now)
    guide_id = None if code.is_revoked else code.guide_id
    touch = await touchpoints.record(
        session,
        visitor_id=visitor.visitor_id,
        customer_id=customer_id,
        known_as=visitor.customer_id,
        guide_id=guide_id,
        store_id=code.store_id,
        shop_id=code.shop_id,
        code_id=code.code_id,
        kind=TouchpointKind.SCAN,
        channel=channel or code.channel or Channel.OTHER,
        now=now,
    )
    bound_to = await _bind(session, visitor, code=code, touch=touch, is_signed_in=customer_id is not None, now=now)
    return Scan(
        visitor_id=visitor.visitor_id,
        visitor_token=own_token,
        touchpoint_id=touch.touchpoint_id,
        shop_id=code.shop_id or await shop_of_store(session, code.store_id),
        binding_id=bound_to if customer_id is not None else None,
        material_id=code.target_id if code.kind is CodeKind.MATERIAL and not code.is_revoked else None,
    )


async def _bind(
    session: BrandSession,
    visitor: visitors.Visitor,
    *,
    code: CodeFacts,
    touch: touchpoints.Touch,
    is_signed_in: bool,
    now: datetime,
) -> UUID | None:
    """Let the touch bind the customer whom the visitor is joined to; gives the binding afterwards."""
    if visitor.customer_id is None:
        return None
    if code.is_revoked or code.guide_id is None:
        present = await bindings.live(session, customer_id=visitor.customer_id)
        return None if present is None else present.binding_id
    settled = await bindings.on_touch(
        session,
        customer_id=visitor.customer_id,
        candidate=BindingCandidate(
            guide_id=code.guide_id,
            store_id=code.store_id,
            touchpoint_id=touch.touchpoint_id,
            guide_is_active=code.guide_is_active,
        ),
        is_signed_in=is_signed_in,
        policy=await policies.current_policy(session),
        now=now,
    )
    return settled.binding_id


async def _visitor_of(
    session: BrandSession, *, customer_id: UUID | None, visitor_token: str | None, now: datetime
) -> tuple[visitors.Visitor, str]:
    """The visitor behind a scan with its token: the one that shows it, joined to whoever is signed in, or a new one."""
    found = await visitors.find(session, visitor_token)
    if found is not None and visitor_token is not None:
        if customer_id is None or found.customer_id == customer_id:
            return found, visitor_token
        if await visitors.join(session, visitor_id=found.visitor_id, customer_id=customer_id, now=now):
            return visitors.Visitor(found.visitor_id, customer_id), visitor_token
    made = await visitors.create(session, customer_id=customer_id, now=now)
    return visitors.Visitor(made.visitor_id, customer_id), made.token


async def _insert(
    session: BrandSession,
    *,
    kind: CodeKind,
    target: Target,
    channel: Channel | None,
    label: str | None,
    is_personal: bool,
    now: datetime,
) -> CodeMade:
    code_id = session.new_id()
    token = make_token(os.urandom(_RANDOM_BYTES), session.vault.derived_keys(_PURPOSE)[0])
    await session.execute(
        sa.insert(CodeRow).values(
            brand_id=session.brand_id,
            id=code_id,
            token=token,
            kind=kind.value,
            guide_id=target.guide_id,
            shop_id=target.shop_id,
            store_id=target.store_id,
            target_id=target.target_id,
            channel=None if channel is None else channel.value,
            label=label,
            is_personal=is_personal,
            revoked_at=None,
            created_at=now,
        )
    )
    await session.execute(register(session, CODE_TOKEN, token, code_id))
    return CodeMade(code_id, token)
