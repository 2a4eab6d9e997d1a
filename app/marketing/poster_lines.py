"""Lines of text in a box: Chinese breaks between signs, Latin between words, and what does not fit ends in …. Pure."""

import re
from collections.abc import Callable
from typing import Final

Measure = Callable[[str], float]
"""The width of a text in pixels; that of two texts in a row is the sum of theirs."""

ELLIPSIS: Final = "…"
_WORD = re.compile(r"[\w.,:;!?%'’&@#/+$€£¥+\-]+", re.ASCII)
_NEVER_FIRST: Final = frozenset("，。、；：！？）】》〉」』”’…—～·%‰℃,.;:!?)]}")
_BEFORE_ELLIPSIS: Final = " ，。、；：,.;:…"
_NEVER_LAST: Final = frozenset("（【《〈「『“‘([{¥$￥#")


def wrap(text: str, *, measure: Measure, width: float, lines: int) -> list[str]:
    """Up to `lines` lines, none wider than `width`; the last ends in … where more would follow.

    A sign that is wider than a whole line is left out, as nothing may stand outside the box.
    """
    rest = [piece for piece in _pieces(text, measure, width) if measure(piece) <= width]
    made: list[str] = []
    while rest and len(made) < lines:
        taken = _take(rest, measure, width)
        line, rest = "".join(rest[:taken]).strip(), rest[taken:]
        if len(made) == lines - 1 and "".join(rest).strip():
            line = _shortened(line + "".join(rest), measure, width)
        made.append(line)
        while rest and rest[0].isspace():
            rest = rest[1:]
    return made


def _pieces(text: str, measure: Measure, width: float) -> list[str]:
    """What a line may be broken between: words of Latin letters whole where they fit, everything else by sign."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is not None and measure(found[0]) <= width:
            pieces.append(found[0])
            at = found.end()
        else:
            pieces.append(text[at])
            at += 1
    return pieces


def _take(pieces: list[str], measure: Measure, width: float) -> int:
    """How many pieces stand on the next line: at least one."""
    taken, used = 0, 0.0
    for piece in pieces:
        used += measure(piece)
        if used > width and taken:
            break
        taken += 1
    if taken == len(pieces):
        return taken
    best = taken
    while best > 1 and (pieces[best][0] in _NEVER_FIRST or pieces[best - 1][-1] in _NEVER_LAST):
        best -= 1
    return best if best > 1 or taken == 1 else taken


def _shortened(text: str, measure: Measure, width: float) -> str:
    """The longest beginning of a text that fits together with its …."""
    room = width - measure(ELLIPSIS)
    kept, used = "", 0.0
    for sign in text:
        used += measure(sign)
        if used > room:
            break
        kept += sign
    return kept.rstrip(_BEFORE_ELLIPSIS) + ELLIPSIS if room >= 0 else ""
