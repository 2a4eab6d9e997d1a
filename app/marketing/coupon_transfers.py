"""A coupon handed on to a friend: offered under a link, taken by whoever opens it first.

Until it is taken the coupon stays its giver's, who may use it meanwhile. Taken, the giver's is TRANSFERRED and the
friend has one of the same template and the same time left, counted in the friend's limit and not in the budget again.
The guide by whom it first came is a touchpoint of the friend.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.marketing import coupon_moves, coupons
from app.marketing.coupon_rules import state_now
from app.marketing.coupons import Giver
from app.marketing.events import CouponClaimed
from app.marketing.models import CouponRow, CouponTemplateRow, CouponTransferRow
from app.marketing.values import CouponEvent, CouponRefusal, CouponState
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import CouponUnavailable, Forbidden, NotFound, WrongState
from app.platform.personal_data import PersonalData

_PURPOSE = "coupon_transfer"
_SEAL_BYTES = 11
TOKEN_CHARACTERS = 36
"""An id of 16 bytes and a seal of 11, as base64url."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as its link shows it. `is_open`: nobody has taken it, and the coupon can still be used."""

    transfer_id: UUID
    template_id: UUID
    giver_id: UUID
    expires_at: datetime
    is_open: bool


async def offer(session: BrandSession, actor: Actor, *, coupon_id: UUID, now: datetime) -> UUID:
    """Offer an own coupon to a friend; gives the offer's id, a second time the same. See `token_of`.

    Raises: Forbidden, NotFound, WrongState for a coupon that cannot be used any more.
    """
    if not actor.is_customer:
        raise Forbidden
    row = await _lock_coupon(session, CouponRow.id == coupon_id, CouponRow.customer_id == actor.customer_id)
    if row is None:
        raise NotFound("Coupon", path=("couponId",))
    state = _state(row, now)
    if state is not CouponState.CLAIMED:
        raise WrongState(state)
    made = insert(CouponTransferRow).values(
        brand_id=session.brand_id, id=session.new_id(), coupon_id=coupon_id, offered_at=now
    )
    # The coupon's row is locked, so there is at most the one that stood before.
    await session.execute(made.on_conflict_do_nothing(index_elements=["brand_id", "coupon_id"]))
    found = await session.execute(
        sa.select(CouponTransferRow.id).where(
            CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.coupon_id == coupon_id
        )
    )
    return found.scalar_one()


async def take(session: BrandSession, actor: Actor, *, token: str, now: datetime) -> UUID:
    """A friend takes an offered coupon; gives the id of the friend's own. A second time it gives the same.

    Raises: Forbidden; NotFound for a forged or unknown token; CouponUnavailable NOT_ELIGIBLE for the giver, SOLD_OUT
    when somebody else was first, LIMIT_REACHED, OVER when it can no longer be used. Emits: CouponClaimed.
    """
    if not actor.is_customer or actor.customer_id is None:
        raise Forbidden
    transfer_id = read_token(session.vault, session.brand_id, token)
    offered = None if transfer_id is None else await _lock_offer(session, transfer_id)
    if offered is None:
        raise NotFound("CouponTransfer", path=("token",))
    coupon: CouponRow = offered.CouponRow
    if offered.new_coupon_id is not None:
        if offered.taker_id == actor.customer_id:
            return UUID(str(offered.new_coupon_id))
        raise CouponUnavailable(CouponRefusal.SOLD_OUT, path=("token",))
    if coupon.customer_id == actor.customer_id:
        raise CouponUnavailable(CouponRefusal.NOT_ELIGIBLE, path=("token",))
    if _state(offered, now) is not CouponState.CLAIMED:
        raise CouponUnavailable(CouponRefusal.OVER, path=("token",))
    if not await coupons.count_for(
        session,
        template_id=coupon.template_id,
        customer_id=actor.customer_id,
        per_person=offered.per_person,
    ):
        raise CouponUnavailable(CouponRefusal.LIMIT_REACHED, path=("token",))
    return await _hand_over(session, actor, coupon, transfer_id, now=now)


async def look(session: BrandSession, token: str) -> Offer | None:
    """What a link offers; None for a forged or unknown token. One statement."""
    transfer_id = read_token(session.vault, session.brand_id, token)
    if transfer_id is None:
        return None
    row = (
        await session.execute(
            sa.select(CouponRow, CouponTemplateRow.revoked_at, CouponTransferRow.new_coupon_id)
            .join(CouponTransferRow, _is_offer_of(session))
            .join(CouponTemplateRow, _is_template(session))
            .where(CouponRow.brand_id == session.brand_id, CouponTransferRow.id == transfer_id)
        )
    ).first()
    if row is None:
        return None
    return Offer(
        transfer_id=transfer_id,
        template_id=row.CouponRow.template_id,
        giver_id=row.CouponRow.customer_id,
        expires_at=row.CouponRow.expires_at,
        is_open=row.new_coupon_id is None and _state(row, session.now) is CouponState.CLAIMED,
    )


async def offered(session: BrandSession, coupon_id: UUID) -> UUID | None:
    """The offer that a coupon stands under, whoever asks; None: none. One statement."""
    return await session.scalar(
        sa.select(CouponTransferRow.id).where(
            CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.coupon_id == coupon_id
        )
    )


def token_of(vault: PersonalData, brand_id: UUID, transfer_id: UUID) -> str:
    """The token of an offer: 36 characters of base64url, which hold its id and a seal."""
    return urlsafe_b64encode(transfer_id.bytes + _seals(vault, brand_id, transfer_id)[0]).decode("ascii")


def read_token(vault: PersonalData, brand_id: UUID, token: str) -> UUID | None:
    """The offer that a genuine token names; None for any other text."""
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        return None
    if len(raw) != 16 + _SEAL_BYTES:
        return None
    transfer_id = UUID(bytes=raw[:16])
    is_genuine = any(compare_digest(raw[16:], seal) for seal in _seals(vault, brand_id, transfer_id))
    return transfer_id if is_genuine else None


def _seals(vault: PersonalData, brand_id: UUID, transfer_id: UUID) -> list[bytes]:
    """By every key, the present one first: a link lives as long as its coupon, which keys may not."""
    signed = brand_id.bytes + transfer_id.bytes
    return [hmac.digest(key, signed, "sha256")[:_SEAL_BYTES] for key in vault.derived_keys(_PURPOSE)]


async def _hand_over(
    session: BrandSession, actor: Actor, coupon: CouponRow, transfer_id: UUID | None, *, now: datetime
) -> UUID:
    await coupon_moves.move(
        session, CouponRow.id == coupon.id, event=CouponEvent.TRANSFER, actor=actor.principal, now=now
    )
    new_id = await coupon_moves.begin(
        session,
        {
            "id": session.new_id(),
            "template_id": coupon.template_id,
            "customer_id": actor.customer_id,
            "guide_id": coupon.guide_id,
            "branch": coupon.branch,
            "code_id": coupon.code_id,
            "from_coupon_id": coupon.id,
            "issued_at": now,
            "claimed_at": now,
            "expires_at": coupon.expires_at,
        },
        (CouponEvent.ISSUE, CouponEvent.CLAIM),
        actor=actor.principal,
        now=now,
    )
    await session.execute(
        sa.update(CouponTransferRow)
        .where(CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.id == transfer_id)
        .values(taken_at=now, new_coupon_id=new_id)
        .execution_options(synchronize_session=False)
    )
    if actor.customer_id is not None:
        giver = Giver(coupon.guide_id, code_id=coupon.code_id)
        await coupons.touch(session, customer_id=actor.customer_id, giver=giver, now=now)
    session.emit(CouponClaimed(new_id))
    return new_id


async def _lock_coupon(
    session: BrandSession, *conditions: sa.ColumnElement[bool]
) -> sa.Row[CouponRow, datetime | None] | None:
    found = await session.execute(
        sa.select(CouponRow, CouponTemplateRow.revoked_at)
        .join(CouponTemplateRow, _is_template(session))
        .where(CouponRow.brand_id == session.brand_id, *conditions)
        .with_for_update(of=CouponRow)
    )
    return found.first()


async def _lock_offer(
    session: BrandSession, transfer_id: UUID
) -> sa.Row[CouponRow, datetime | None, int, UUID | None, UUID] | None:
    """Hold the coupon that an offer is of; two look at one offer one after the other."""
    its_coupon = sa.select(CouponTransferRow.coupon_id).where(
        CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.id == transfer_id
    )
    if await _lock_coupon(session, CouponRow.id == its_coupon.scalar_subquery()) is None:
        return None
    taken = sa.orm.aliased(CouponRow)
    found = await session.execute(
        sa.select(
            CouponRow,
            CouponTemplateRow.revoked_at,
            CouponTemplateRow.per_person,
            CouponTransferRow.new_coupon_id,
            taken.customer_id.label("taker_id"),
        )
        .join(CouponTransferRow, _is_offer_of(session))
        .join(CouponTemplateRow, _is_template(session))
        .outerjoin(taken, sa.and_(taken.brand_id == session.brand_id, taken.id == CouponTransferRow.new_coupon_id))
        .where(CouponRow.brand_id == session.brand_id, CouponTransferRow.id == transfer_id)
        .execution_options(populate_existing=True)
    )
    return found.first()


def _is_offer_of(session: BrandSession) -> sa.ColumnElement[bool]:
    return sa.and_(CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.coupon_id == CouponRow.id)


def _is_template(session: BrandSession) -> sa.ColumnElement[bool]:
    return sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id)


def _state(row: sa.Row[*tuple[object, ...]], now: datetime) -> CouponState:
    """The state of now of a row's coupon."""
    coupon: CouponRow = row._mapping["CouponRow"]
    return state_now(
        CouponState(coupon.state),
        expires_at=coupon.expires_at,
        is_template_revoked=row._mapping["revoked_at"] is not None,
        now=now,
    )
