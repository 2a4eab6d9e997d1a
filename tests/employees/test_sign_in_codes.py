"""One-time codes: limits that hold, tries that count, constant answers, and the text that carries the digits."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees import sign_in_codes
from app.employees.events import SignInCodeRequested
from app.employees.jobs import send_sign_in_code
from app.employees.models import EmployeeRow, SessionRow, SignInCodeRow
from app.employees.sign_in import SignedIn, sign_in_employee
from app.employees.sign_in_codes import CheckedCode, CodeRequested
from app.platform.db import Database
from app.platform.errors import InvalidInput, RateLimited, SignInRefused
from app.platform.ids import new_id
from app.platform.integrations.sms import SMS_FILE, SandboxSms, SmsMessage, SmsNotConfigured, open_sms_sender
from app.platform.models import OutboxRow
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from tests.employees.conftest import Company, new_phone

WRONG_BY_ONE = 1


async def ask(
    runtime: Runtime,
    company: Company,
    phone: str,
    *,
    audience: str = "EMPLOYEE",
    address: str = "198.51.100.7",
    settings: Settings | None = None,
    now: datetime | None = None,
) -> CodeRequested | RateLimited:
    async with runtime.database.transaction(company.brand, now=now) as session:
        return await sign_in_codes.request(
            session,
            phone=phone,
            audience=audience,
            address=address,
            settings=settings or runtime.settings,
            now=session.now,
        )


async def asked(runtime: Runtime, company: Company, phone: str, **more: Any) -> str:
    """Ask for a code and give its digits."""
    answer = await ask(runtime, company, phone, **more)
    assert isinstance(answer, CodeRequested)
    return sign_in_codes.code_for(runtime.database.vault, answer.sign_in_code_id)


async def check(
    database: Database,
    company: Company,
    phone: str,
    code: str,
    *,
    audience: str = "EMPLOYEE",
    now: datetime | None = None,
) -> CheckedCode | SignInRefused:
    async with database.transaction(company.brand, now=now) as session:
        return await sign_in_codes.check(session, phone=phone, audience=audience, code=code, now=session.now)


async def sign_in(runtime: Runtime, company: Company, phone: str, code: str) -> SignedIn | SignInRefused:
    async with runtime.database.transaction(company.brand) as session:
        return await sign_in_employee(
            session,
            phone=phone,
            code=code,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )


def wrong(code: str) -> str:
    return f"{(int(code) + WRONG_BY_ONE) % 10**6:06d}"


async def count(database: Database, company: Company, row: Any = SignInCodeRow) -> int:
    async with database.reading(company.brand) as session:
        found = await session.execute(
            sa.select(sa.func.count()).select_from(row).where(row.brand_id == company.brand.id)
        )
        return int(found.scalar_one())


async def test_a_request_answers_the_masked_phone_and_the_wait(runtime: Runtime, company: Company) -> None:
    phone = company.guide_phone
    answer = await ask(runtime, company, phone)
    assert isinstance(answer, CodeRequested)
    assert (answer.sent_to, answer.retry_after_seconds) == (f"{phone[:3]}****{phone[-4:]}", 60)


async def test_known_and_unknown_phones_take_the_same_statements(
    runtime: Runtime, company: Company, counted: Callable[[], Any]
) -> None:
    taken = []
    for phone in (company.guide_phone, new_phone()):
        with counted() as statements:
            answer = await ask(runtime, company, phone)
        assert isinstance(answer, CodeRequested) and answer.retry_after_seconds == 60
        taken.append(list(statements))
    assert taken[0] == taken[1]
    assert len(taken[0]) == 5
    assert (await count(runtime.database, company), await count(runtime.database, company, OutboxRow)) == (2, 2)


async def test_neither_phone_nor_digits_are_stored_in_clear(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    code = await asked(runtime, company, phone)
    async with runtime.database.reading(company.brand) as session:
        row = (
            await session.execute(sa.select(SignInCodeRow.__table__).where(SignInCodeRow.brand_id == company.brand.id))
        ).one()
        event = (
            await session.execute(sa.select(OutboxRow.payload).where(OutboxRow.brand_id == company.brand.id))
        ).scalar_one()
    stored = repr(tuple(row)) + json.dumps(event)
    assert phone not in stored and phone[-8:] not in stored
    assert code not in [str(value) for value in (*row, *event.values())]
    assert list(event) == ["sign_in_code_id"]


async def test_one_code_a_minute_and_phone(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    await asked(runtime, company, phone)
    refused = await ask(runtime, company, f"+86{phone}")
    assert isinstance(refused, RateLimited) and 1 <= refused.retry_after_seconds <= 61
    assert await count(runtime.database, company) == 1
    async with runtime.database.reading(company.brand) as session:
        later = session.now + timedelta(seconds=61)
    assert isinstance(await ask(runtime, company, phone, now=later), CodeRequested)
    assert await count(runtime.database, company) == 2


async def test_the_other_audience_of_a_phone_has_its_own_minute(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    await asked(runtime, company, phone)
    assert isinstance(await ask(runtime, company, phone, audience="CUSTOMER"), CodeRequested)


async def test_ten_codes_a_day_and_phone(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    async with runtime.database.reading(company.brand) as session:
        start = session.now
    answers = [await ask(runtime, company, phone, now=start + timedelta(minutes=2 * i)) for i in range(11)]
    assert [isinstance(answer, CodeRequested) for answer in answers] == [True] * 10 + [False]
    assert isinstance(answers[10], RateLimited) and answers[10].retry_after_seconds > 80_000
    assert isinstance(await ask(runtime, company, phone, now=start + timedelta(days=1, minutes=1)), CodeRequested)


async def test_an_address_has_its_limit_over_all_phones(runtime: Runtime, company: Company) -> None:
    strict = runtime.settings.model_copy(update={"sign_in_codes_per_address_hour": 3})
    answers = await asyncio.gather(*(ask(runtime, company, new_phone(), settings=strict) for _ in range(8)))
    assert sum(isinstance(answer, CodeRequested) for answer in answers) == 3
    assert await count(runtime.database, company) == 3
    elsewhere = await ask(runtime, company, new_phone(), settings=strict, address="203.0.113.9")
    assert isinstance(elsewhere, CodeRequested)


async def test_requests_at_once_for_one_phone_make_one_code(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    answers = await asyncio.gather(*(ask(runtime, company, phone) for _ in range(10)))
    assert sum(isinstance(answer, CodeRequested) for answer in answers) == 1
    assert await count(runtime.database, company) == 1


@pytest.mark.parametrize("phone", ["", "123", "+12025550123", "1990000031x", "\x00"])
async def test_what_is_no_phone_makes_no_code(runtime: Runtime, company: Company, phone: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ask(runtime, company, phone)
    assert (caught.value.path, await count(runtime.database, company)) == (("phone",), 0)


async def test_a_right_code_works_once(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    code = await asked(runtime, company, phone)
    first = await check(runtime.database, company, phone, code)
    assert isinstance(first, CheckedCode) and first.phone == f"+86{phone}"
    assert isinstance(await check(runtime.database, company, phone, code), SignInRefused)


async def test_ten_right_tries_at_once_open_one_session(runtime: Runtime, company: Company) -> None:
    before = await count(runtime.database, company, SessionRow)
    code = await asked(runtime, company, company.guide_phone)
    given = await asyncio.gather(*(sign_in(runtime, company, company.guide_phone, code) for _ in range(10)))
    assert sum(isinstance(answer, SignedIn) for answer in given) == 1
    assert await count(runtime.database, company, SessionRow) == before + 1


async def test_wrong_tries_are_counted_down_and_then_the_right_code_is_refused(
    runtime: Runtime, company: Company
) -> None:
    phone = new_phone()
    code = await asked(runtime, company, phone)
    left = []
    for _ in range(6):
        answer = await check(runtime.database, company, phone, wrong(code))
        assert isinstance(answer, SignInRefused)
        left.append(answer.attempts_left)
    assert left == [4, 3, 2, 1, 0, 0]
    assert isinstance(await check(runtime.database, company, phone, code), SignInRefused)


async def test_ten_wrong_tries_at_once_cost_five_and_no_more_are_made(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    code = await asked(runtime, company, phone)
    answers = await asyncio.gather(*(check(runtime.database, company, phone, wrong(code)) for _ in range(10)))
    left = sorted(answer.attempts_left or 0 for answer in answers if isinstance(answer, SignInRefused))
    assert left == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    async with runtime.database.reading(company.brand) as session:
        kept = await session.execute(
            sa.select(SignInCodeRow.attempts_left).where(SignInCodeRow.brand_id == company.brand.id)
        )
        assert kept.scalar_one() == 0
    assert isinstance(await check(runtime.database, company, phone, code), SignInRefused)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６", "12345\x00"])
async def test_what_is_no_code_costs_no_try(runtime: Runtime, company: Company, code: str) -> None:
    phone = new_phone()
    right = await asked(runtime, company, phone)
    with pytest.raises(InvalidInput) as caught:
        await check(runtime.database, company, phone, code)
    assert caught.value.path == ("code",)
    answer = await check(runtime.database, company, phone, wrong(right))
    assert isinstance(answer, SignInRefused) and answer.attempts_left == 4


async def test_a_code_ends_after_five_minutes(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    code = await asked(runtime, company, phone)
    async with runtime.database.reading(company.brand) as session:
        now = session.now
    late = await check(runtime.database, company, phone, code, now=now + timedelta(minutes=5, seconds=1))
    assert isinstance(late, SignInRefused)
    timely = await check(runtime.database, company, phone, code, now=now + timedelta(minutes=4))
    assert isinstance(timely, CheckedCode)


async def test_only_the_newest_code_counts(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    older = await asked(runtime, company, phone)
    async with runtime.database.reading(company.brand) as session:
        later = session.now + timedelta(seconds=61)
    newer = await asked(runtime, company, phone, now=later)
    assert older == newer or isinstance(await check(runtime.database, company, phone, older, now=later), SignInRefused)
    assert isinstance(await check(runtime.database, company, phone, newer, now=later), CheckedCode)


async def test_a_code_opens_only_its_own_door(runtime: Runtime, company: Company, other_company: Company) -> None:
    phone = company.guide_phone
    code = await asked(runtime, company, phone)
    assert isinstance(await check(runtime.database, company, phone, code, audience="CUSTOMER"), SignInRefused)
    assert isinstance(await check(runtime.database, other_company, phone, code), SignInRefused)
    assert isinstance(await check(runtime.database, company, new_phone(), code), SignInRefused)
    assert isinstance(await sign_in(runtime, company, phone, code), SignedIn)


async def test_an_unknown_phone_signs_nobody_in_even_with_the_right_digits(runtime: Runtime, company: Company) -> None:
    before = await count(runtime.database, company, SessionRow)
    phone = new_phone()
    code = await asked(runtime, company, phone)
    assert isinstance(await sign_in(runtime, company, phone, code), SignInRefused)
    assert await count(runtime.database, company, SessionRow) == before


async def test_a_resigned_employee_signs_in_no_more(runtime: Runtime, company: Company) -> None:
    code = await asked(runtime, company, company.guide_phone)
    async with runtime.database.transaction(company.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == company.brand.id, EmployeeRow.id == company.guide.employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
    assert isinstance(await sign_in(runtime, company, company.guide_phone, code), SignInRefused)


# --- sending


def sent(runtime: Runtime) -> list[dict[str, Any]]:
    path = runtime.settings.sandbox_dir / SMS_FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


async def deliver(runtime: Runtime, company: Company, code_id: UUID, event_id: UUID) -> None:
    await send_sign_in_code(runtime)(company.brand, SignInCodeRequested(code_id), event_id)


async def test_the_sms_carries_the_code_once(runtime: Runtime, company: Company) -> None:
    phone, event_id = new_phone(), new_id(datetime.fromisoformat("2026-01-01T00:00:00Z"))
    answer = await ask(runtime, company, phone, audience="CUSTOMER")
    assert isinstance(answer, CodeRequested)
    for _ in range(2):
        await deliver(runtime, company, answer.sign_in_code_id, event_id)
    [message] = [line for line in sent(runtime) if line["to"] == f"+86{phone}"]
    code = sign_in_codes.code_for(runtime.database.vault, answer.sign_in_code_id)
    assert (message["channel"], message["code"], message["id"]) == ("SMS", code, str(event_id))
    assert message["text"] == f"【测试品牌】验证码 {code}，5 分钟内有效。请勿告诉他人。"
    assert datetime.fromisoformat(message["at"]).tzinfo is not None
    assert isinstance(await check(runtime.database, company, phone, message["code"], audience="CUSTOMER"), CheckedCode)


async def test_an_unknown_employees_phone_gets_no_sms(runtime: Runtime, company: Company) -> None:
    known, unknown = company.guide_phone, new_phone()
    for phone in (known, unknown):
        answer = await ask(runtime, company, phone)
        assert isinstance(answer, CodeRequested)
        await deliver(runtime, company, answer.sign_in_code_id, answer.sign_in_code_id)
    told = [line["to"] for line in sent(runtime)]
    assert (told.count(f"+86{known}"), told.count(f"+86{unknown}")) == (1, 0)


async def test_a_used_code_is_not_sent_any_more(runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    answer = await ask(runtime, company, phone, audience="CUSTOMER")
    assert isinstance(answer, CodeRequested)
    code = sign_in_codes.code_for(runtime.database.vault, answer.sign_in_code_id)
    await check(runtime.database, company, phone, code, audience="CUSTOMER")
    await deliver(runtime, company, answer.sign_in_code_id, answer.sign_in_code_id)
    assert f"+86{phone}" not in [line["to"] for line in sent(runtime)]


async def test_messages_at_once_are_whole_lines(tmp_path: Path) -> None:
    sender = SandboxSms(tmp_path / "deep" / SMS_FILE)
    messages = [
        SmsMessage(new_id(datetime.fromisoformat("2026-01-01T00:00:00Z")), "+8619900000001", "好" * 200, f"{i:06d}")
        for i in range(40)
    ]
    await asyncio.gather(*(asyncio.to_thread(sender.send, message) for message in messages * 2))
    lines = [json.loads(line) for line in sender.path.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["code"] for line in lines) == [f"{i:06d}" for i in range(40)]
    assert sender.path.stat().st_mode & 0o777 == 0o600


def test_production_sends_nothing_to_a_file(tmp_path: Path) -> None:
    sender = open_sms_sender(Settings(environment="production", app_home=tmp_path))
    with pytest.raises(SmsNotConfigured):
        sender.send(SmsMessage(new_id(datetime.fromisoformat("2026-01-01T00:00:00Z")), "+8619900000001", "text"))
    assert list(tmp_path.iterdir()) == []
