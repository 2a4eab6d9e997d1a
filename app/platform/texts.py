"""Short texts that people type: trimmed, bounded, and free of what no line of text holds."""

import unicodedata

from app.platform.errors import InvalidInput


def line(text: str, *path: str, longest: int) -> str:
    """The text without blanks around it. Raises: InvalidInput when blank, too long, or with control characters."""
    found = optional_line(text, *path, longest=longest)
    if found is None:
        raise InvalidInput("text_required", path=path)
    return found


def optional_line(text: str | None, *path: str, longest: int) -> str | None:
    """The same, where a blank text means none. Raises: InvalidInput."""
    return _checked(text, path, longest=longest, allowed="")


def optional_block(text: str | None, *path: str, longest: int) -> str | None:
    """The same for a text that may have several lines. Raises: InvalidInput."""
    return _checked(text, path, longest=longest, allowed="\n\r\t")


def _checked(text: str | None, path: tuple[str, ...], *, longest: int, allowed: str) -> str | None:
    if text is None:
        return None
    found = text.strip()
    if len(found) > longest:
        raise InvalidInput("text_too_long", path=path, longest=longest)
    # Control characters, and halves of a pair: PostgreSQL refuses NUL, UTF-8 the halves.
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in allowed for character in found):
        raise InvalidInput("text_form", path=path)
    return found or None
