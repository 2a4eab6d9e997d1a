"""Every sentence of the pages, Chinese first and English beside it, a module for each part; templates hold none."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.platform.db import Brand
from app.web.amounts import Amount, amount
from app.web.texts import common, ordering, receiving, returns, shopping

TEXTS: Final[dict[str, tuple[str, str]]] = {
    **common.TEXTS,
    **shopping.TEXTS,
    **ordering.TEXTS,
    **receiving.TEXTS,
    **returns.TEXTS,
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

    def money(self, minor: int) -> Amount:
        """An amount in minor units, in parts; `.text` is the whole."""
        return amount(minor, self._currency)

    def day(self, at: datetime) -> str:
        """11月22日, 22 Nov."""
        local = at.astimezone(self._zone)
        if self.language == "zh-CN":
            return f"{local.month}月{local.day}日"
        return f"{local.day} {_MONTHS[local.month - 1]}"

    def time(self, at: datetime) -> str:
        """14:32."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def moment(self, at: datetime) -> str:
        """11月22日 14:32."""
        return f"{self.day(at)} {self.time(at)}"
