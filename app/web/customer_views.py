"""What a guide's page of one customer shows of messages: each with what became of it, and where one can go now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.marketing.outbound_reads import MessageFacts
from app.marketing.outbound_rules import Verdict
from app.marketing.values import OutboundChannel, OutboundReason, OutboundState
from app.web.texts import Speech

_TAGS: Final = {
    OutboundState.WAITING: "warn",
    OutboundState.ALLOWED: "on",
    OutboundState.SENT: "on",
    OutboundState.REFUSED: "bad",
}
_ORDER: Final = (
    OutboundChannel.WECOM,
    OutboundChannel.SMS,
    OutboundChannel.OFFICIAL_ACCOUNT,
    OutboundChannel.SUBSCRIPTION,
    OutboundChannel.MAIL,
)
"""Channels as a guide thinks of them."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as a row; `why`: what became of it, and from when on one is possible."""

    channel: str
    state: str
    tag: str
    text: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel as a choice: whether a message can be sent by it, and what would become of it."""

    value: str
    name: str
    is_possible: bool
    why: str


def message_line(facts: MessageFacts, say: Speech) -> MessageLine:
    return MessageLine(
        channel=channel_name(facts.channel, say),
        state=say(f"message_{facts.state.lower()}"),
        tag=_TAGS[facts.state],
        text=facts.text or say("message_forgotten"),
        why=why(facts.reason, facts.due_at, facts.again_at, say),
        at=facts.sent_at or facts.requested_at,
    )


def channel_lines(answers: Mapping[OutboundChannel, Verdict], say: Speech) -> list[ChannelLine]:
    """The channels, those first by which a message can go."""
    lines = [
        ChannelLine(
            value=channel.value,
            name=channel_name(channel, say),
            is_possible=answers[channel].is_possible,
            why=why(answers[channel].reason, answers[channel].due_at, answers[channel].again_at, say)
            or say("message_now"),
        )
        for channel in _ORDER
    ]
    return sorted(lines, key=lambda line: not line.is_possible)


def channel_name(channel: OutboundChannel, say: Speech) -> str:
    return say(f"message_by_{channel.lower()}")


def why(reason: OutboundReason | None, due_at: datetime | None, again_at: datetime | None, say: Speech) -> str:
    """The reason in words, with the moment from which on it is otherwise; empty where there is none."""
    if reason is None:
        return ""
    if reason is OutboundReason.QUIET_HOURS and due_at is not None:
        return say("message_why_quiet_hours", moment=say.moment(due_at))
    if reason is OutboundReason.OVER_BUDGET and again_at is not None:
        return say("message_why_over_budget_until", moment=say.moment(again_at))
    return say(f"message_why_{reason.lower()}")
