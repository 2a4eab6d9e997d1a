"""Expected failures. They are raised, roll the transaction back, and become a member of the mutation's result union.

`code` is one of the API's UserErrorCode values; the text is looked up in `messages` by `key` when it is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


class UserFault(Exception):
    """Base of every expected failure: `code`, a message `key` with `facts` for its placeholders, the input `path`."""

    code = "INVALID_INPUT"

    def __init__(self, key: str, *, path: Sequence[str] = (), **facts: object) -> None:
        super().__init__(key)
        self.key = key
        self.path = tuple(path)
        self.facts = facts


class InvalidInput(UserFault):
    """An argument breaks a rule; `path` names it."""

    code = "INVALID_INPUT"


class NotFound(UserFault):
    """There is no such thing, or it is not the caller's."""

    code = "NOT_FOUND"

    def __init__(self, what: str, *, path: Sequence[str] = ()) -> None:
        super().__init__("not_found", path=path, what=what)


class Conflict(UserFault):
    """Something of that name or number is there already."""

    code = "CONFLICT"


class IdempotencyConflict(UserFault):
    """The idempotency key was used before with another body."""

    code = "IDEMPOTENCY_CONFLICT"

    def __init__(self) -> None:
        super().__init__("idempotency_conflict", path=("idempotencyKey",))


class WrongState(UserFault):
    """The thing's state does not allow the step."""

    code = "WRONG_STATE"

    def __init__(self, state: str, *, path: Sequence[str] = ()) -> None:
        super().__init__("wrong_state", path=path, state=state)
        self.state = state


class DeadlinePassed(UserFault):
    """The time for it is over."""

    code = "DEADLINE_PASSED"


class RateLimited(UserFault):
    """Too many tries; try again after `retry_after_seconds`."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("rate_limited", seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class SignInRefused(UserFault):
    """The code or token does not open the door; `attempts_left` where tries are counted."""

    code = "SIGN_IN_CODE_WRONG"

    def __init__(self, key: str = "sign_in_refused", *, attempts_left: int | None = None) -> None:
        super().__init__(key, attempts=attempts_left)
        self.attempts_left = attempts_left


@dataclass(frozen=True, slots=True)
class ShortageFact:
    """One SKU that there is not enough of."""

    sku_id: UUID
    requested: int
    available: int


class InsufficientStock(UserFault):
    """Some SKUs are short; `shortages` says which and by how much."""

    code = "INSUFFICIENT_STOCK"

    def __init__(self, shortages: Sequence[ShortageFact]) -> None:
        super().__init__("insufficient_stock", path=("lines",))
        self.shortages = tuple(shortages)


class PriceChanged(UserFault):
    """The total is not the one the customer saw. Amounts: minor units."""

    code = "PRICE_CHANGED"

    def __init__(self, total_minor: int) -> None:
        super().__init__("price_changed", path=("expectedTotalMinor",))
        self.total_minor = total_minor


class AmountTooLarge(UserFault):
    """More was asked than there is. Amounts: minor units."""

    code = "AMOUNT_TOO_LARGE"

    def __init__(self, limit_minor: int) -> None:
        super().__init__("amount_too_large", path=("amountMinor",))
        self.limit_minor = limit_minor


class CouponUnavailable(UserFault):
    """The coupon cannot be had; `reason` is one of the API's CouponRefusal values."""

    code = "CONFLICT"

    def __init__(self, reason: str, *, path: Sequence[str] = ("couponTemplateId",)) -> None:
        super().__init__(f"coupon_{reason.lower()}", path=path)
        self.reason = reason


class Unauthenticated(Exception):
    """No sign-in, or one that no longer counts."""


class Forbidden(Exception):
    """Signed in, but not for this."""


class BadUserInput(Exception):
    """A query's argument is not usable; the text may be shown."""
