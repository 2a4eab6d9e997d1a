"""A list of employees with what each earned: as many statements for many as for one."""

import httpx

from app.platform.runtime import Runtime
from tests.commission.sold import Sale, cny, pay_for
from tests.commission.wire import send
from tests.statements import count_statements

LIST = """query($first: Int!) { employees(first: $first) { edges { node {
  displayName today { visits newCustomers orders netSales { minor } commission { minor } }
  commission { held { minor currency display } estimated { minor } } } } } }"""


async def test_days_and_balances_of_all_employees_are_read_together(
    runtime: Runtime, http: httpx.AsyncClient, sale: Sale
) -> None:
    await pay_for(runtime, sale)
    await send(http, LIST, {"first": 1}, token=sale.owner)
    async with count_statements(runtime.database) as for_one:
        await send(http, LIST, {"first": 1}, token=sale.owner)
    async with count_statements(runtime.database) as for_all:
        answer = await send(http, LIST, {"first": 50}, token=sale.owner)
    assert "errors" not in answer, answer
    found = [edge["node"] for edge in answer["data"]["employees"]["edges"]]
    assert len(found) == 4
    sold = [employee for employee in found if employee["today"]["orders"]]
    [seller] = sold
    assert seller["today"]["netSales"] == {"minor": 20_000}
    assert seller["today"]["commission"] == {"minor": 2_000}
    assert seller["commission"] == {"held": cny(2_000, "¥20.00"), "estimated": {"minor": 0}}
    rest = [employee["commission"]["held"]["minor"] for employee in found if employee is not seller]
    assert rest == [0, 0, 0]
    # The first is the owner, who has no shop: the visits of none take no statement.
    assert (len(for_one), len(for_all)) == (5, 6), for_all
