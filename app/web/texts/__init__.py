"""Every sentence of the pages, Chinese first and English beside it, a module for each part; templates hold none."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.platform.db import Brand
from app.web.amounts import Amount, amount
from app.web.texts import (
    bossing,
    common,
    couponing,
    deciding,
    guiding,
    invoicing,
    ordering,
    postering,
    quoting,
    receiving,
    redeeming,
    returns,
    selling,
    sharing,
    shelving,
    shopping,
    writing,
)

TEXTS: Final[dict[str, tuple[str, str]]] = {
    **common.TEXTS,
    **shopping.TEXTS,
    **shelving.TEXTS,
    **couponing.TEXTS,
    **ordering.TEXTS,
    **receiving.TEXTS,
    **redeeming.TEXTS,
    **returns.TEXTS,
    **invoicing.TEXTS,
    **guiding.TEXTS,
    **postering.TEXTS,
    **quoting.TEXTS,
    **selling.TEXTS,
    **sharing.TEXTS,
    **bossing.TEXTS,
    **deciding.TEXTS,
    **writing.TEXTS,
}
"""By key: the Chinese sentence and the English one, with the same `{placeholders}`."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Speech:
    """How a page speaks: its language, the brand's time zone and currency. Templates know it as `t`."""

    def __init__(self, language: str, brand: Brand | None = None) -> None:
        self.language = language
        self._zone = ZoneInfo("Asia/Shanghai" if brand is None else brand.time_zone)
        self._currency = "CNY" if brand is None else brand.currency

    def __call__(self, key: str, **facts: object) -> str:
        """The sentence of a key."""
        return TEXTS[key][0 if self.language == "zh-CN" else 1].format(**facts)

    @property
    def symbol(self) -> str:
        """The currency's, ¥."""
        return self.money(0).symbol

    def money(self, minor: int) -> Amount:
        """An amount in minor units, in parts; `.text` is the whole."""
        return amount(minor, self._currency)

    def rate(self, bp: int) -> str:
        """A rate in basis points: 5%, 12.5%, 0.33%."""
        return f"{(Decimal(bp) / 100).normalize():f}%"

    def day(self, at: datetime) -> str:
        """11月22日, 22 Nov."""
        return self.on(self.date_of(at))

    def on(self, day: date) -> str:
        """A business day: 11月22日, 22 Nov."""
        if self.language == "zh-CN":
            return f"{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1]}"

    def date_of(self, at: datetime) -> date:
        """The business day that holds an instant."""
        return at.astimezone(self._zone).date()

    def weekday(self, day: date) -> str:
        """周日, Sun."""
        return self("weekdays").split()[day.weekday()]

    def hour(self, at: datetime) -> int:
        return at.astimezone(self._zone).hour

    def time(self, at: datetime) -> str:
        """14:32."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def clock(self, at: datetime) -> str:
        """14:32:08."""
        return f"{at.astimezone(self._zone):%H:%M:%S}"

    def moment(self, at: datetime) -> str:
        """11月22日 14:32."""
        return f"{self.day(at)} {self.time(at)}"
