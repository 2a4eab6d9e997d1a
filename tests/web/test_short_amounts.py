"""Amounts as the boss reads them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.db import Brand
from app.platform.ids import new_id
from app.web import short_amounts
from app.web.boss_views import Change, change, change_of_rate, percent
from app.web.texts import Speech

AT = datetime(2026, 11, 22, tzinfo=UTC)


def speech(language: str = "zh-CN", currency: str = "CNY") -> Speech:
    return Speech(language, Brand(new_id(AT), "t", "t", currency, "Asia/Shanghai"))


@pytest.mark.parametrize(
    ("minor", "chinese", "english"),
    [
        (0, "¥0.00", "¥0.00"),
        (999_999, "¥9,999.99", "¥9,999.99"),
        (1_000_000, "¥1.00 万", "¥10.00K"),
        (9_684_200, "¥9.68 万", "¥96.84K"),
        (9_685_000, "¥9.68 万", "¥96.85K"),  # half to even
        (-9_684_200, "−¥9.68 万", "−¥96.84K"),
        (99_994_999, "¥99.99 万", "¥999.95K"),
        (99_999_500, "¥100.00 万", "¥1.00M"),
        (9_955_000_000, "¥9,955.00 万", "¥99.55M"),
        (9_999_994_999, "¥9,999.99 万", "¥100.00M"),
        (9_999_999_999, "¥1.00 亿", "¥100.00M"),
        (10_000_000_000, "¥1.00 亿", "¥100.00M"),
        (123_456_789_012, "¥12.35 亿", "¥1,234.57M"),
    ],
)
def test_amounts_get_short_from_ten_thousand_on(minor: int, chinese: str, english: str) -> None:
    for language, text in (("zh-CN", chinese), ("en", english)):
        found = short_amounts.short(minor, speech(language))
        assert (found.text, found.minor) == (text, minor)


def test_a_column_has_the_unit_of_its_largest_amount() -> None:
    unit = short_amounts.unit_for([100, -143_570_000, 9_999], speech())
    assert unit.words == " 万" and short_amounts.in_unit(100, unit) == "0.00"
    assert short_amounts.in_unit(-143_570_000, unit) == "−143.57"
    assert short_amounts.named(unit, speech()) == "万元"
    assert short_amounts.named(short_amounts.unit_for([], speech()), speech()) == "元"
    assert short_amounts.named(unit, speech(currency="USD")) == "$万"


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_short_amounts_differ_by_less_than_a_hundredth_of_their_unit(minor: int) -> None:
    say = speech()
    unit = short_amounts.unit_for([minor], say)
    number = short_amounts.in_unit(minor, unit).replace(",", "").replace("−", "-")
    hundredths = int(number.replace(".", ""))
    assert abs(hundredths * unit.minor - minor * 100) * 2 <= unit.minor
    assert (number.startswith("-")) == (hundredths < 0)


@pytest.mark.parametrize(
    ("now", "before", "words", "kind"),
    [
        (109, 100, "▲ 9.0%", "up"),
        (91, 100, "▼ 9.0%", "down"),
        (0, 100, "▼ 100.0%", "down"),
        (100_040, 100_000, "持平", ""),
        (100_060, 100_000, "▲ 0.1%", "up"),
        (1_099, 100, "▲ 999.0%", "up"),
        (1_100, 100, "▲ 11.0 倍", "up"),
        (-50, 100, "▼ 150.0%", "down"),
    ],
)
def test_changes_have_a_direction_and_say_whether_it_is_good(now: int, before: int, words: str, kind: str) -> None:
    assert change(now, before, speech()) == Change(words, kind)
    found = change(now, before, speech(), is_less_better=True)
    assert found is not None and found.words == words and found.kind == {"up": "down", "down": "up", "": ""}[kind]


def test_without_a_base_there_is_no_change() -> None:
    assert change(5, 0, speech()) is None and change(5, -3, speech()) is None and change(5, None, speech()) is None


def test_rates_differ_in_points() -> None:
    assert change_of_rate(1_860, 1_740, speech()) == Change("▲ 1.2 点", "up")
    assert change_of_rate(1_740, 1_860, speech("en")) == Change("▼ 1.2 pts", "down")
    assert change_of_rate(1_740, 1_741, speech()) == Change("持平", "")
    assert change_of_rate(None, 5, speech()) is None and change_of_rate(5, None, speech()) is None
    assert (percent(1_860), percent(10_000), percent(0), percent(None)) == ("18.6%", "100.0%", "0.0%", "—")
