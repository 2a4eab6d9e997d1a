"""The catalogue of the pages: complete in both languages, used whole, and the only home of sentences."""

import re
import string
from datetime import UTC, datetime
from pathlib import Path

from app.platform.db import Brand
from app.platform.ids import new_id
from app.web import answers, readers
from app.web.texts import (
    TEXTS,
    Speech,
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

WEB = Path(answers.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BUILT = (
    *("order_", "step_", "consent_", "missing_", "after_sale_", "role_", "cause_"),
    *("state_", "channel_", "why_", "period_", "compared_", "orders_"),
    *("draw_", "return_", "returns_", "material_", "message_", "coupon_state_", "coupon_refused_"),
    *("quotation_state_", "quotation_gone_", "quotation_days_", "invoice_state_", "invoice_kind_"),
)
"""Beginnings of keys that are put together of a state or purpose."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_there_in_both_languages() -> None:
    for key, (chinese, english) in TEXTS.items():
        assert CHINESE.search(chinese), key
        assert english and not CHINESE.search(english), key
        assert placeholders(chinese) == placeholders(english), key


def test_parts_of_the_catalogue_share_no_key() -> None:
    parts = (
        common,
        shopping,
        ordering,
        receiving,
        redeeming,
        shelving,
        returns,
        guiding,
        postering,
        quoting,
        selling,
        sharing,
        bossing,
        deciding,
        couponing,
        writing,
        invoicing,
    )
    assert sum(len(part.TEXTS) for part in parts) == len(TEXTS)


def test_templates_and_code_hold_no_sentences() -> None:
    found = [
        f"{path.name}:{number}"
        for path in (*sorted((WEB / "templates").iterdir()), *sorted(WEB.glob("*.py")))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if CHINESE.search(line)
    ]
    assert found == []


def test_every_key_that_is_asked_for_exists_and_every_one_is_asked_for() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (*(WEB / "templates").iterdir(), *WEB.glob("*.py")))
    named = set(re.findall(r"""(?<![\w.])(?:t|say|reader\.say)\(\s*"(\w+)"(?! ~)""", source))
    assert {key for key in named if key not in TEXTS} == set()
    quoted = set(re.findall(r'"(\w+)"', source))
    unused = {key for key in TEXTS if key not in quoted and not key.startswith(BUILT)}
    assert unused <= {"as_of"}


def test_times_are_the_brands_and_amounts_its_currency() -> None:
    at = datetime(2026, 11, 22, 16, 32, tzinfo=UTC)
    brand = Brand(new_id(at), "t", "t", "USD", "Asia/Shanghai")
    for language, day in (("zh-CN", "11月23日"), ("en", "23 Nov")):
        say = Speech(language, brand)
        assert say.moment(at) == f"{day} 00:32" and say.money(123_456).text == "$1,234.56"


def test_pages_speak_the_readers_language() -> None:
    from starlette.requests import Request  # noqa: PLC0415

    for header, language in (("", "zh-CN"), ("en-GB,en;q=0.9", "en"), ("zh-TW,en;q=0.5", "zh-CN"), ("fr", "zh-CN")):
        request = Request({"type": "http", "headers": [(b"accept-language", header.encode())]})
        assert readers.language_of(request) == language
