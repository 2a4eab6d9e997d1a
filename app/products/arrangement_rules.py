"""Rules of arranging a shelf: places and their order, sections, and the guide's own words and pictures. Pure.

A rule that refuses gives the first `Problem`; the caller raises it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from app.products.values import KEEP, UNTOUCHED, Problem, ShelfChange, ShelfPlace, ShelfRuleKind, ShelfStep

LONGEST_BADGE = 12
LONGEST_WORDS = 80
LONGEST_SECTION = 20
LONGEST_REASON = 100
LAST_POSITION = 9_999
MOST_PICTURES = 3
MOST_SECTIONS = 12
MOST_IN_SECTION = 60
MOST_ARRANGED = 200
"""Items from the shelf's beginning that can be moved one by one."""
LAST_PIN = 99
MOST_RULES = 200
"""Rules of a brand that have not ended."""


def position_problem(position: int | None) -> Problem | None:
    """Positions go from 1 to 9,999."""
    return None if position is None else _range_problem(position, ("position",), least=1, most=LAST_POSITION)


def pictures_problem(number: int) -> Problem | None:
    """At most three pictures of the guide's own."""
    return None if number <= MOST_PICTURES else Problem("shelf_pictures", ("pictureUrls",), {"most": MOST_PICTURES})


def section_problem(sections: int) -> Problem | None:
    """Whether one more section fits beside so many."""
    return None if sections < MOST_SECTIONS else Problem("shelf_sections", (), {"most": MOST_SECTIONS})


def filled_problem(items: int) -> Problem | None:
    """Whether one more product fits into a section of so many."""
    if items < MOST_IN_SECTION:
        return None
    return Problem("shelf_section_full", ("sectionId",), {"most": MOST_IN_SECTION})


def changed_place(place: ShelfPlace, change: ShelfChange, picture_keys: tuple[str, ...]) -> ShelfPlace:
    """The place after a change; `picture_keys` are those of its addresses. New words or pictures are up again."""
    after = replace(
        place,
        is_featured=place.is_featured if change.is_featured is KEEP else change.is_featured,
        is_hidden=place.is_hidden if change.is_hidden is KEEP else change.is_hidden,
        position=place.position if change.position is KEEP else change.position,
        badge=place.badge if change.badge is KEEP else change.badge,
        section_id=place.section_id if change.section_id is KEEP else change.section_id,
        words=place.words if change.words is KEEP else change.words,
        picture_keys=place.picture_keys if change.picture_urls is KEEP else picture_keys,
    )
    is_said_anew = (after.words, after.picture_keys) != (place.words, place.picture_keys)
    return replace(after, taken_down=None) if is_said_anew else after


def refuse_change(before: ShelfPlace, after: ShelfPlace, *, is_pinned: bool, is_silent: bool) -> Problem | None:
    """Why a guide cannot change a place like this.

    What headquarters has pinned is neither hidden nor moved; where it lets guides say nothing, nothing new is said; and
    of what it took down neither the words nor a picture come back.
    """
    if is_pinned and after.is_hidden and not before.is_hidden:
        return Problem("shelf_item_pinned", ("isHidden",))
    if is_pinned and after.position != before.position:
        return Problem("shelf_item_pinned", ("position",))
    if is_silent and after.words is not None and after.words != before.words:
        return Problem("shelf_words_forbidden", ("words",))
    if is_silent and set(after.picture_keys) - set(before.picture_keys):
        return Problem("shelf_words_forbidden", ("pictureUrls",))
    if before.taken_down is not None and after.taken_down is None:
        if after.words is not None and after.words == before.words:
            return Problem("shelf_words_taken_down", ("words",))
        if set(after.picture_keys) & set(before.picture_keys):
            return Problem("shelf_words_taken_down", ("pictureUrls",))
    return None


def is_untouched(place: ShelfPlace) -> bool:
    return place == UNTOUCHED


def rearranged(order: Sequence[tuple[UUID, int | None]], product_id: UUID, step: ShelfStep) -> Mapping[UUID, int]:
    """The new positions after a step of one item, only those that change; `order`: the items with their positions.

    The items are alike in being featured or not, and stand in the shelf's order. Whatever had a position, and what now
    stands before the moved item or in its old place, is numbered from 1 on; what comes after keeps having none.
    """
    ids = [one for one, _ in order]
    at = ids.index(product_id)
    to = {ShelfStep.UP: max(at - 1, 0), ShelfStep.DOWN: min(at + 1, len(ids) - 1), ShelfStep.FIRST: 0}[step]
    if to == at:
        return {}
    ids.insert(to, ids.pop(at))
    before = dict(order)
    last = max(to, *(number for number, one in enumerate(ids) if before[one] is not None), 0)
    return {one: number for number, one in enumerate(ids[: last + 1], start=1) if before[one] != number}


def reordered(ids: Sequence[UUID], one: UUID, position: int | None) -> list[UUID]:
    """The sections in their new order, `one` at the position (from 1); None: where it stands, a new one last."""
    others = [each for each in ids if each != one]
    if position is None:
        at = ids.index(one) if one in ids else len(others)
    else:
        at = min(max(position, 1), len(others) + 1) - 1
    return [*others[:at], one, *others[at:]]


def check_rule(
    kind: ShelfRuleKind, *, product_id: UUID | None, position: int | None, reason: str | None
) -> Problem | None:
    """A pin names its product, and may name its position from 1 to 99; what takes something away says why."""
    if (product_id is None) is not (kind is ShelfRuleKind.NO_WORDS):
        return Problem("shelf_rule_product", ("productId",))
    if position is not None and kind is not ShelfRuleKind.PIN:
        return Problem("shelf_rule_position", ("position",))
    if kind is not ShelfRuleKind.PIN and reason is None:
        return Problem("shelf_rule_reason", ("reason",))
    return None if position is None else _range_problem(position, ("position",), least=1, most=LAST_PIN)


def _range_problem(number: int, path: tuple[str, ...], *, least: int, most: int) -> Problem | None:
    return None if least <= number <= most else Problem("number_range", path, {"least": least, "most": most})
