"""Scalars, global ids, cursors and connections, over a schema of one list."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import NoneType
from typing import Any
from uuid import UUID, uuid4

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphql_schema.errors import BadUserInput, mask
from graphql_schema.paging import (
    Connection,
    GlobalId,
    Key,
    Node,
    build_connection,
    decode_cursor,
    decode_global_id,
    encode_cursor,
    encode_global_id,
    is_asked_for,
    read_page,
)
from graphql_schema.scalars import JSON, LONG_LIMIT, SCALARS, Long, format_instant, parse_instant

ROWS = list(range(1, 8))


@strawberry.type
class Order(Node):
    number: int


@strawberry.type
class Query:
    @strawberry.field
    def orders(
        self, info: strawberry.Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[Order]:
        page = read_page(first, after or None, "orders", (int, UUID))
        start = 0 if page.after is None else ROWS.index(page.after[0]) + 1  # type: ignore[arg-type]
        return build_connection(
            ROWS[start : start + page.limit],
            page,
            to_node=lambda row: Order(id=encode_global_id("Order", UUID(int=row)), number=row),
            to_key=lambda row: (row, UUID(int=row)),
            total_count=len(ROWS) if is_asked_for(info, "totalCount") else None,
        )

    @strawberry.field
    def echo_long(self, value: Long) -> Long:
        return value

    @strawberry.field
    def echo_instant(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def echo_day(self, value: date) -> date:
        return value

    @strawberry.field
    def echo_json(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def too_long(self) -> Long:
        return Long(LONG_LIMIT + 1)

    @strawberry.field
    def naive_instant(self) -> datetime:
        return datetime(2025, 1, 1)  # noqa: DTZ001

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:
        found = decode_global_id(id, "Order")
        return Order(id=id, number=found.uuids[0].int)


SCHEMA = strawberry.Schema(Query, types=[Order], config=StrawberryConfig(scalar_map=SCALARS))


async def ask(document: str, **variables: Any) -> Any:
    result = await SCHEMA.execute(document, variable_values=variables)
    assert result.errors is None
    return result.data


async def code_of(document: str, **variables: Any) -> str:
    result = await SCHEMA.execute(document, variable_values=variables)
    assert result.errors is not None
    assert len(result.errors) == 1
    return str(mask(result.errors[0])["extensions"]["code"])


class TestConnections:
    async def test_pages_joined_give_every_row_once_and_in_order(self) -> None:
        seen: list[int] = []
        after, rounds = None, 0
        while True:
            document = "query($a: String) { orders(first: 3, after: $a) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { number } } } }"  # noqa: E501
            page = (await ask(document, a=after))["orders"]
            seen += [edge["node"]["number"] for edge in page["edges"]]
            assert page["pageInfo"]["hasPreviousPage"] is (rounds > 0)
            assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
            assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
            rounds += 1
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == ROWS
        assert rounds == 3

    async def test_page_that_ends_on_the_last_row_has_no_next_page(self) -> None:
        page = (await ask("{ orders(first: 7) { pageInfo { hasNextPage } edges { cursor } } }"))["orders"]
        assert len(page["edges"]) == 7
        assert page["pageInfo"] == {"hasNextPage": False}

    async def test_empty_page_has_null_cursors(self) -> None:
        last = encode_cursor("orders", (7, UUID(int=7)))
        document = "query($a: String) { orders(after: $a) { edges { cursor } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"  # noqa: E501
        page = (await ask(document, a=last))["orders"]
        assert page["edges"] == []
        info = {"startCursor": None, "endCursor": None, "hasNextPage": False, "hasPreviousPage": True}
        assert page["pageInfo"] == info

    async def test_null_first_means_the_default(self) -> None:
        page = (await ask("{ orders(first: null) { edges { cursor } } }"))["orders"]
        assert len(page["edges"]) == 7

    @pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
    async def test_first_outside_1_to_100_is_bad_user_input(self, first: int) -> None:
        assert await code_of("query($f: Int) { orders(first: $f) { edges { cursor } } }", f=first) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("after", ["", "x", "AAAA", "null", "é", "A" * 2_000, "AWkAAAAAAAAAAX==", "\n"])
    async def test_garbage_cursor_is_bad_user_input(self, after: str) -> None:
        with pytest.raises(BadUserInput):
            read_page(3, after, "orders", (int, UUID))

    async def test_total_is_counted_only_when_asked_for_also_through_a_fragment(self) -> None:
        document = "{ orders { ...Total } } fragment Total on OrderConnection { ... on OrderConnection { totalCount } }"
        assert await ask(document) == {"orders": {"totalCount": 7}}
        assert await ask("{ orders { t: totalCount } }") == {"orders": {"t": 7}}
        asked: list[bool] = []

        @strawberry.type
        class Probe:
            @strawberry.field
            def orders(self, info: strawberry.Info) -> Order:
                asked.append(is_asked_for(info, "totalCount"))
                return Order(id=strawberry.ID("x"), number=1)

        result = await strawberry.Schema(Probe).execute(
            "{ orders { ...F } } fragment F on Order { totalCount: number id }"
        )
        assert result.errors is None
        assert asked == [False]

    def test_types_print_as_the_contract_has_them(self) -> None:
        printed = "\n".join(line for line in SCHEMA.as_str().splitlines() if '"""' not in line and line.strip())
        assert "type OrderConnection {\n  totalCount: Int\n  pageInfo: PageInfo!\n  edges: [OrderEdge!]!\n}" in printed
        assert "type OrderEdge {\n  cursor: String!\n  node: Order!\n}" in printed
        assert (
            "type PageInfo {\n  hasNextPage: Boolean!\n  hasPreviousPage: Boolean!\n  startCursor: String\n  endCursor: String\n}"  # noqa: E501
            in printed
        )
        assert "interface Node {\n  id: ID!\n}" in printed
        assert "type Order implements Node {\n  id: ID!\n  number: Int!\n}" in printed
        assert "orders(first: Int = 20, after: String): OrderConnection!" in printed
        assert 'scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time")' in printed
        assert 'scalar Date @specifiedBy(url: "https://scalars.graphql.org/andimarek/local-date")' in printed
        assert "scalar Long @specifiedBy(" in printed
        assert "scalar JSON @specifiedBy(" in printed


KEYS = st.lists(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40),
        st.uuids(),
        st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    max_size=6,
)


class TestCursors:
    @given(KEYS)
    def test_cursor_gives_back_its_key_with_types(self, key: list[Key]) -> None:
        kinds = [type(value) for value in key]
        decoded = decode_cursor(encode_cursor("list", key), "list", kinds)
        assert decoded == tuple(key)
        assert [type(value) for value in decoded] == kinds

    def test_every_changed_character_is_refused(self) -> None:
        cursor = encode_cursor("orders", (datetime(2025, 3, 1, tzinfo=UTC), UUID(int=9), "甲", None, True))
        kinds = (datetime, UUID, str, NoneType, bool)
        assert len(decode_cursor(cursor, "orders", kinds)) == 5
        for at, character in enumerate(cursor):
            changed = cursor[:at] + ("A" if character != "A" else "B") + cursor[at + 1 :]
            with pytest.raises(BadUserInput):
                decode_cursor(changed, "orders", kinds)
        with pytest.raises(BadUserInput):
            decode_cursor(cursor[:-1], "orders", kinds)
        with pytest.raises(BadUserInput):
            decode_cursor(cursor + "=", "orders", kinds)

    def test_cursor_of_another_list_or_order_is_refused(self) -> None:
        with pytest.raises(BadUserInput):
            decode_cursor(encode_cursor("orders", (1,)), "customers", (int,))

    def test_cursor_with_a_part_of_another_kind_is_refused(self) -> None:
        cursor = encode_cursor("orders", (True, "1"))
        for kinds in [(int, str), (bool, int), (bool,), (bool, str, str), ()]:
            with pytest.raises(BadUserInput):
                decode_cursor(cursor, "orders", kinds)
        assert decode_cursor(cursor, "orders", (bool, (str, NoneType))) == (True, "1")


class TestGlobalIds:
    def test_id_gives_back_type_and_keys(self) -> None:
        one, two = uuid4(), uuid4()
        assert decode_global_id(encode_global_id("Order", one)) == GlobalId("Order", (one,))
        assert decode_global_id(encode_global_id("ShelfItem", one, two), "ShelfItem").uuids == (one, two)

    def test_id_is_safe_in_an_url_and_without_padding(self) -> None:
        for _ in range(50):
            assert set(encode_global_id("Order", uuid4())) <= set(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            )

    def test_id_of_another_type_is_refused(self) -> None:
        with pytest.raises(BadUserInput, match="not one of a Order"):
            decode_global_id(encode_global_id("Shop", uuid4()), "Order")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            "Order",
            "T3JkZXI6",
            "T3JkZXI",
            "T3JkZXI6AAAA",
            "é",
            "A" * 500,
            "T3JkZXI6AAAAAAAAAAAAAAAAAAAAAQ==",
            "\x00",
            "%",
        ],
    )
    async def test_garbage_id_is_bad_user_input_and_shows_no_decoding_error(self, text: str) -> None:
        result = await SCHEMA.execute("query($id: ID!) { node(id: $id) { id } }", variable_values={"id": text})
        assert result.errors is not None
        shown = mask(result.errors[0])
        assert shown["extensions"] == {"code": "BAD_USER_INPUT"}
        assert shown["message"] == "The id is not one of this API."

    async def test_interface_resolves_to_the_concrete_type(self) -> None:
        document = "query($id: ID!) { node(id: $id) { __typename id ... on Order { number } } }"
        id = encode_global_id("Order", UUID(int=5))
        assert (await ask(document, id=id)) == {"node": {"__typename": "Order", "id": id, "number": 5}}


class TestScalars:
    @pytest.mark.parametrize("value", [0, 1, -1, LONG_LIMIT, -LONG_LIMIT, 2_147_483_648])
    async def test_long_passes_whole_range_as_variable_and_literal(self, value: int) -> None:
        assert await ask("query($v: Long!) { echoLong(value: $v) }", v=value) == {"echoLong": value}
        assert await ask(f"{{ echoLong(value: {value}) }}") == {"echoLong": value}

    @pytest.mark.parametrize("value", [LONG_LIMIT + 1, -LONG_LIMIT - 1, True, False, 1.0, 1.5, "1", [1, 2], {}])
    async def test_long_refuses_what_is_no_safe_integer(self, value: Any) -> None:
        assert await code_of("query($v: Long!) { echoLong(value: $v) }", v=value) == "BAD_USER_INPUT"

    async def test_long_beyond_the_range_is_never_answered(self) -> None:
        assert await code_of("{ tooLong }") == "INTERNAL"

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05.000Z"),
            ("2025-01-02t03:04:05.6z", "2025-01-02T03:04:05.600Z"),
            ("2025-01-02T03:04:05.123456+08:00", "2025-01-01T19:04:05.123Z"),
            ("2025-01-02T23:59:59.999-03:30", "2025-01-03T03:29:59.999Z"),
        ],
    )
    async def test_instant_is_answered_in_utc_with_milliseconds(self, text: str, shown: str) -> None:
        assert await ask("query($v: DateTime!) { echoInstant(value: $v) }", v=text) == {"echoInstant": shown}
        assert await ask(f'{{ echoInstant(value: "{text}") }}') == {"echoInstant": shown}

    @pytest.mark.parametrize(
        "value",
        [
            "2025-01-02T03:04:05",
            "2025-01-02",
            "2025-01-02 03:04:05Z",
            "2025-13-02T03:04:05Z",
            "2025-02-30T03:04:05Z",
            "2025-01-02T24:00:00Z",
            "2025-01-02T03:04:60Z",
            "2025-01-02T03:04:05-00:00",
            "2025-01-02T03:04:05+24:00",
            "2025-01-02T03:04:05+08",
            "2025-01-02T03:04:05.1234567Z",
            "２０２５-01-02T03:04:05Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "",
            1_700_000_000,
            True,
            [1],
        ],
    )
    async def test_instant_refuses_what_is_not_aware_rfc3339(self, value: Any) -> None:
        assert await code_of("query($v: DateTime!) { echoInstant(value: $v) }", v=value) == "BAD_USER_INPUT"

    @given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]), min_value=datetime(2, 1, 1)))  # noqa: DTZ001
    def test_instant_keeps_its_milliseconds_there_and_back(self, value: datetime) -> None:
        back = parse_instant(format_instant(value))
        assert timedelta() <= value - back < timedelta(milliseconds=1)
        assert back.utcoffset() == timedelta()

    async def test_naive_instant_is_never_answered(self) -> None:
        assert await code_of("{ naiveInstant }") == "INTERNAL"

    async def test_day_passes_and_other_texts_are_refused(self) -> None:
        document = "query($v: Date!) { echoDay(value: $v) }"
        assert await ask(document, v="2024-02-29") == {"echoDay": "2024-02-29"}
        for value in ["2025-02-29", "20250101", "2025-W01-1", "2025-1-1", "2025-01-01T00:00:00Z", "", 5, None]:
            assert await code_of(document, v=value) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("value", [1, "x", True, [1, {"a": [None, 1.5]}], {"k": {"甲": []}}])
    async def test_json_passes_through_as_variable(self, value: Any) -> None:
        assert await ask("query($v: JSON!) { echoJson(value: $v) }", v=value) == {"echoJson": value}

    async def test_json_passes_through_as_literal(self) -> None:
        data = await ask('{ echoJson(value: {a: [1, 2.5, "x", true, null], b: {c: X}}) }')
        assert data == {"echoJson": {"a": [1, 2.5, "x", True, None], "b": {"c": "X"}}}
