"""Rules of materials: what a content may hold, how a script is filled in, how long a page can have been read. Pure."""

import re
from datetime import timedelta

from app.marketing.values import ContentProblem, MaterialContent, ScriptFacts

LONGEST_TITLE = 100
LONGEST_BODY = 20_000
LONGEST_SCRIPT = 500
LONGEST_URL = 500
MOST_ATTACHMENTS = 20
MOST_PRODUCTS = 20
MOST_PLACEHOLDERS = 10
LONGEST_READING = 1_800
"""Seconds: whoever leaves a page open has not read it for longer."""
PLACEHOLDERS = ("guide", "store", "customer", "link")
SOMEBODY = "朋友"
"""Whom a script speaks to where no customer is named."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_WEB_LINK = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:[/?#][^\x00-\x20\x7f\"'<>\\`]*)?"
)
_MEDIA_PATH = re.compile(r"/media(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", re.ASCII)


def is_link(url: str) -> bool:
    """Whether it is an http(s) address or a path below /media/ here: at most 500 characters, no quotes or blanks."""
    return len(url) <= LONGEST_URL and bool(_WEB_LINK.fullmatch(url) or _MEDIA_PATH.fullmatch(url))


def is_picture(url: str) -> bool:
    """The same for what a page shows by itself: http is no way for that."""
    return is_link(url) and not url.startswith("http://")


def content_problem(content: MaterialContent) -> ContentProblem | None:
    """The first thing wrong with addresses, products and script; lengths of texts are looked at before."""
    if content.cover_url is not None and not is_picture(content.cover_url):
        return ContentProblem("cover_url_form", ("coverUrl",), {"most": LONGEST_URL})
    if len(content.attachment_urls) > MOST_ATTACHMENTS:
        return ContentProblem("material_too_many_attachments", ("attachmentUrls",), {"most": MOST_ATTACHMENTS})
    for number, url in enumerate(content.attachment_urls):
        if not is_link(url):
            return ContentProblem("material_attachment_form", ("attachmentUrls", str(number)), {"most": LONGEST_URL})
    if len(content.product_ids) > MOST_PRODUCTS:
        return ContentProblem("material_too_many_products", ("productIds",), {"most": MOST_PRODUCTS})
    return None if content.script is None else script_problem(content.script)


def script_problem(script: str) -> ContentProblem | None:
    """Braces hold a known placeholder or are not there; a script has at most ten of them."""
    rest = _PLACEHOLDER.sub("", script)
    if "{" in rest or "}" in rest:
        return ContentProblem("material_script_placeholder", ("script",))
    if len(_PLACEHOLDER.findall(script)) > MOST_PLACEHOLDERS:
        return ContentProblem("material_script_placeholders", ("script",), {"most": MOST_PLACEHOLDERS})
    return None


def fill_script(script: str, facts: ScriptFacts) -> str:
    """The script with its placeholders filled in, once: braces in a name stay as they are."""
    return _PLACEHOLDER.sub(lambda found: str(getattr(facts, found[1])), script)


def reading_seconds(told: int, *, since_opened: timedelta) -> int:
    """The seconds of a reading that can be believed: no longer than the page has been open, and bounded; 0 for none."""
    return max(0, min(told, int(since_opened.total_seconds()), LONGEST_READING))
