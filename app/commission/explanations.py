"""Decisions in words. What is kept are reason codes; the sentence is made when it is read, in the reader's language."""

from app.commission.reads import Attribution
from app.commission.values import AttributionReason
from app.platform import messages


def explain(attribution: Attribution, language: str) -> str:
    """Why the order is whose it is: the rule that decided, the winner's role, the policy's version. It names nobody."""
    sentences = [messages.text(f"attribution_rule_{attribution.rule.lower()}", language)]
    if attribution.is_self_purchase:
        sentences.append(messages.text("attribution_self_purchase", language))
    sentences.append(messages.text("attribution_version", language, version=attribution.policy_version))
    return ("" if language == "zh-CN" else " ").join(sentences)


def reason_text(reason: AttributionReason, language: str) -> str:
    """Why a candidate won or lost."""
    return messages.text(f"attribution_reason_{reason.lower()}", language)
