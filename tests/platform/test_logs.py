"""Logs: one JSON object a line, and nobody's name or phone in any of them."""

import ast
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
import uvicorn

from app.employees.models import EmployeeRow
from app.platform.db import Brand, Database
from app.platform.logs import set_up_logs

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


class Lines:
    """What the program logs, read line by line."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def set_up(self, level: str = "info") -> None:
        """Set the program's logs up, into a stream of this test's."""
        set_up_logs(level)
        [handler] = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
        handler.setStream(self.stream)

    def __call__(self) -> list[dict[str, Any]]:
        """The lines since the last call."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("uvicorn.access", "httpx", "httpcore", "arq.worker")}
    found = Lines()
    found.set_up()
    yield found
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


def test_line_is_one_json_object_with_time_level_and_facts(lines: Lines) -> None:
    logging.getLogger("app.trade.orders").info("order cancelled", extra={"order": "o-1", "attempt": 2})
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "order cancelled",
        "level": "info",
        "logger": "app.trade.orders",
        "order": "o-1",
        "attempt": 2,
    }


@pytest.mark.parametrize(
    "field",
    [
        "phone",
        "owner_phone",
        "code",
        "token",
        "refresh_token",
        "visitor_token",
        "Authorization",
        "cookie",
        "address",
        "display_name",
        "recipient",
        "street",
        "openid",
        "note",
        "password",
        "client_secret",
        "body",
    ],
)
def test_personal_fields_and_secrets_are_not_shown_even_inside_others(lines: Lines, field: str) -> None:
    logging.getLogger("app").warning(
        "odd", extra={field: "王小明 19900001234", "facts": {field: {"x": "王小明"}, "n": 1}}
    )
    [line] = lines()
    assert "王小明" not in json.dumps(line, ensure_ascii=False)
    assert (line[field], line["facts"]) == ("***", {field: "***", "n": 1})


def test_ids_and_reasons_are_shown(lines: Lines) -> None:
    logging.getLogger("app").info("refused", extra={"brand": "b-1", "reason": "签名不对", "phone_hash": "k1:ab"})
    [line] = lines()
    assert (line["brand"], line["reason"], line["phone_hash"]) == ("b-1", "签名不对", "k1:ab")


def test_text_with_line_breaks_stays_one_line(lines: Lines) -> None:
    logging.getLogger("app").info("first\nsecond", extra={"path": "/x\n{}"})
    [line] = lines()
    assert (line["event"], line["path"]) == ("first\nsecond", "/x\n{}")


def test_exception_comes_with_its_traceback_but_without_variables(lines: Lines) -> None:
    def sign_in(phone: str) -> None:
        raise LookupError("no such thing")

    try:
        sign_in("1990000" + str(617 * 2))
    except LookupError:
        logging.getLogger("app").exception("failed")
    [line] = lines()
    assert "LookupError: no such thing" in line["exception"]
    assert "1234" not in line["exception"]


async def test_failed_statement_is_logged_without_its_values(lines: Lines, database: Database, brand: Brand) -> None:
    person = {"display_name": "欧阳小明", "phone_hash": "19900001234", "phone": b"19900001234"}
    incomplete = sa.insert(EmployeeRow).values(brand_id=brand.id, id=brand.id, **person)
    wrong = sa.text("INSERT INTO employee (brand_id, nothing, display_name) VALUES (:brand_id, 1, :display_name)")
    for statement in (incomplete, wrong.bindparams(brand_id=brand.id, display_name="欧阳小明")):
        try:
            async with database.transaction(brand) as session:
                await session.execute(statement)
        except sa.exc.DBAPIError as error:
            logging.getLogger("app").exception("job failed", extra={"error": repr(error), "text": str(error)})
    found = lines()
    assert len(found) == 2
    shown = json.dumps(found, ensure_ascii=False)
    assert "INSERT INTO employee" in shown
    assert "欧阳小明" not in shown
    assert "19900001234" not in shown


def test_addresses_of_requests_and_callers_are_not_logged(lines: Lines) -> None:
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).info("GET /q/secret-token")
    # uvicorn's own words about sockets; its other lines stay.
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "203.0.113.7:5000", "/graphql?token=t")
    server.info('%s - "WebSocket %s" 403', "203.0.113.7:5000", "/graphql")
    server.info("Started server process [%d]", 7, extra={"color_message": "Started \x1b[36m%d\x1b[0m"})
    [line] = lines()
    assert (line["event"], "color_message" in line) == ("Started server process [7]", False)
    assert line.keys() == {"event", "level", "logger", "timestamp"}


def test_words_about_sockets_are_still_those_of_uvicorn() -> None:
    spoken = (Path(uvicorn.__file__).parent / "protocols" / "websockets" / "websockets_sansio_impl.py").read_text()
    assert spoken.count("self.logger.info(") == spoken.count('- "WebSocket %s"') == 3


def test_level_of_the_settings_counts(lines: Lines) -> None:
    lines.set_up("warning")
    logging.getLogger("app").info("quiet")
    logging.getLogger("app").error("loud")
    assert [line["event"] for line in lines()] == ["loud"]


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "graphql_schema").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and ast.unparse(node.func.value).lower().lstrip("_") in ("log", "logger", "logging")
            ):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_messages_are_fixed_words_so_that_nothing_slips_in_with_them() -> None:
    calls = list(log_calls())
    assert len(calls) >= 15
    built = [place for place, call in calls if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant)]
    assert built == []


def test_loggers_of_structlog_take_the_same_way(lines: Lines) -> None:
    structlog.get_logger("graphql_schema").error("internal error", reference="r-1", phone="19900001234")
    [line] = lines()
    assert (line["event"], line["level"], line["reference"]) == ("internal error", "error", "r-1")
    assert line["phone"] == "***"


def test_no_fact_takes_the_place_of_the_message_or_of_the_time() -> None:
    taken = []
    for place, call in log_calls():
        for extra in (keyword.value for keyword in call.keywords if keyword.arg == "extra"):
            keys = extra.keys if isinstance(extra, ast.Dict) else []
            names = {key.value for key in keys if isinstance(key, ast.Constant)}
            taken += [place] if names & {"event", "level", "logger", "timestamp", "exception"} else []
    assert taken == []


def test_program_writes_its_logs_to_stderr_and_nothing_to_stdout() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import logging; from app.platform.logs import set_up_logs; set_up_logs(); "
            "logging.getLogger('x').error('here')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "here"
