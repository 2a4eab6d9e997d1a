"""The check of the ledger's moves finds what only a faulty program could write, and names an entry for it."""

from uuid import UUID, uuid4

import pytest

from app.commission import invariants, ledger, reads
from app.commission.ledger import Posting
from app.commission.values import Account, AccountKind, LedgerEvent, Transfer
from app.platform.db import Database
from tests.commission.market import buy, make_customer, make_market

STRANGER = uuid4()


@pytest.mark.parametrize(
    ("cause", "debit", "credit", "amount_minor", "party_id", "expected"),
    [
        ("PAID", "ESTIMATED", "PAYABLE", None, None, ["PAID moved ESTIMATED to PAYABLE"]),
        ("PAID", "ESTIMATED", "HELD", 1, None, ["a part moved where the whole does"]),
        ("PAID", "ESTIMATED", "HELD", None, STRANGER, ["an account of another party"]),
        ("RELEASED", "HELD", "PAYABLE", None, None, ["broken chain"]),
        ("REVERSED", "ESTIMATED", "VOIDED", None, None, ["REVERSED moved ESTIMATED to VOIDED"]),
    ],
)
async def test_fault_is_found_and_an_entry_named(
    database: Database,
    cause: str,
    debit: str,
    credit: str,
    amount_minor: int | None,
    party_id: UUID | None,
    expected: list[str],
) -> None:
    market = await make_market(database)
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        for _ in range(3):
            await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        entries = await reads.entries(session, party_id=guide.employee_id, limit=10)
        assert len(entries) == 3
        assert await invariants.transfers_follow_the_table(session) == []
        for entry in entries[:2]:
            party = party_id or entry.party_id
            move = Transfer(
                Account(AccountKind(debit), party),
                Account(AccountKind(credit), party),
                entry.amount_minor if amount_minor is None else amount_minor,
            )
            await ledger.post(session, [Posting(entry.entry_id, LedgerEvent(cause), move)], now=session.now)
        first = min(str(entry.entry_id) for entry in entries[:2])
        found = await invariants.transfers_follow_the_table(session)
    assert found == [f"entry {first} and 1 more: {problem}" for problem in expected]
