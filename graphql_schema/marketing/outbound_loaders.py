"""Messages to customers by id and in pages, within the caller's scope."""

from uuid import UUID

from app.marketing import outbound_reads
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.customers import batches
from graphql_schema.marketing.outbound_enums import OutboundChannel, OutboundKind
from graphql_schema.marketing.outbound_types import OutboundAnswer, OutboundMessage, to_answer, to_message
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page


async def customer_messages(
    info: Info, customer_id: UUID, first: int | None, after: str | None
) -> Connection[OutboundMessage]:
    """A customer's messages, the latest first; the caller has checked who asks.

    One statement, two with the count.
    """
    page = read_page(first, after, "customer_messages", (UUID,))
    key = page.after[0] if page.after else None
    async with info.context.reading() as session:
        rows = await outbound_reads.messages_of_customer(
            session, customer_id, limit=page.limit, after=key if isinstance(key, UUID) else None
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await outbound_reads.count_of_customer(session, customer_id)
    return build_connection(rows, page, to_node=to_message, to_key=lambda facts: (facts.message_id,), total_count=total)


async def answer_of(info: Info, customer_id: UUID, channel: OutboundChannel, kind: OutboundKind) -> OutboundAnswer:
    """What would become of a message now; the caller has checked who asks. Four statements."""
    async with info.context.reading() as session:
        found = await outbound_reads.answers(session, customer_id, kind, now=session.now)
    return to_answer(found[channel])


async def message_in(session: BrandSession, message_id: UUID) -> OutboundMessage:
    """A message that this transaction has written, for a mutation's answer."""
    return to_message((await outbound_reads.messages_by_id(session, [message_id]))[message_id])


async def _message(info: Info, *ids: UUID) -> OutboundMessage | None:
    """A message of a customer whom the caller may see whole."""
    if len(ids) != 1:
        return None
    async with info.context.reading() as session:
        facts = (await outbound_reads.messages_by_id(session, ids)).get(ids[0])
    if facts is None or await batches.customers(info.context).load(facts.customer_id) is None:
        return None
    return to_message(facts)


NODES = {"OutboundMessage": _message}
"""What `node` fetches by the type in a global id."""
