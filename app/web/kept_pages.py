"""Pages that were rendered already, by the tag that changes with whatever they show."""

from collections import OrderedDict
from typing import Final

from starlette.responses import HTMLResponse, Response

from app.web import answers

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of pages that one process keeps; those asked for longest ago go first."""


class KeptPages:
    """Rendered pages by their ETag: the same tag is the same page, so that nothing here can be out of date."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pages: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, tag: str, page: HTMLResponse) -> None:
        body = bytes(page.body)
        if tag in self._pages or len(body) > self._most_bytes:
            return
        self._pages[tag] = body
        self._bytes += len(body)
        while self._bytes > self._most_bytes:
            _, gone = self._pages.popitem(last=False)
            self._bytes -= len(gone)

    def get(self, tag: str) -> Response | None:
        """A fresh answer with the page: whoever asked may get cookies of its own with it."""
        body = self._pages.get(tag)
        if body is None:
            return None
        self._pages.move_to_end(tag)
        return HTMLResponse(body, headers=answers.page_headers({"ETag": tag}))
