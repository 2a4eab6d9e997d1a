"""What operators look at while the database is away."""

import httpx
import pytest
from sqlalchemy.engine import make_url

from app.main import make_app
from app.platform.runtime import Runtime, open_runtime


async def test_health_and_metrics_answer_while_the_servers_are_there(http: httpx.AsyncClient) -> None:
    health = await http.get("/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "database": "ok", "valkey": "ok"})
    shown = await http.get("/metrics")
    assert shown.status_code == 200
    assert "\noutbox_parked 0.0\n" in shown.text


@pytest.mark.parametrize("missing", ["database", "server"])
async def test_without_a_database_health_is_503_and_the_counters_are_shown(runtime: Runtime, missing: str) -> None:
    url = make_url(runtime.settings.database_url)
    away = url.set(database="gone") if missing == "database" else make_url("postgresql+asyncpg://u@127.0.0.1:1/d")
    settings = runtime.settings.model_copy(update={"database_url": away.render_as_string(hide_password=False)})
    async with open_runtime(settings) as alone:
        transport = httpx.ASGITransport(app=make_app(alone), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            health, shown = await client.get("/healthz"), await client.get("/metrics")
    assert (health.status_code, health.json()["database"]) == (503, "unreachable")
    assert shown.status_code == 200
    assert "\noutbox_parked NaN\n" in shown.text
    assert "jobs_total" in shown.text
