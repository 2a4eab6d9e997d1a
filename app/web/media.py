"""Pictures and files of this installation: shown, never run."""

import hashlib
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.platform import storage
from app.platform.runtime import Runtime
from app.platform.storage import StorageUnreachable
from app.web import answers, readers
from app.web.texts import Speech

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_A_DAY: Final = "public, max-age=86400"
"""For what is under a name that says nothing about its content."""
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_SHOWN: Final = ("image/", "video/", "application/pdf")


async def show_media(runtime: Runtime, request: Request) -> Response:
    """`/media/<key>`: what is under the key, with the type that its ending says, and no right to do anything.

    Whoever asks for one range of bytes gets that.
    """
    key = request.path_params["key"]
    try:
        found = await runtime.storage.get(key)
    except StorageUnreachable:
        return Response(status_code=503, headers={**answers.KEPT_NOWHERE, "Retry-After": "5"})
    if found is None:
        return answers.missing("page", say=Speech(readers.language_of(request)))
    is_of_content = storage.is_of_content(key)
    tag = f'"{hashlib.sha256(key.encode() if is_of_content else found.data).hexdigest()[:32]}"'
    headers = {**answers.PICTURE_HEADERS, "Cache-Control": _FOR_EVER if is_of_content else _A_DAY, "ETag": tag}
    if not found.media_type.startswith(_SHOWN):
        headers["Content-Disposition"] = "attachment"
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    size = len(found.data)
    asked = byte_range(request.headers.get("range", ""), size)
    if asked is None or request.headers.get("if-range", tag) != tag:
        return Response(found.data, media_type=found.media_type, headers=headers)
    if not asked:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{size}"
    return Response(found.data[asked.start : asked.stop], status_code=206, media_type=found.media_type, headers=headers)


def byte_range(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for, of `size`; empty: there are none such.

    None: all, as there is no header, or one of several ranges or of another form, which a server may leave unheeded.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return range(max(size - int(found[2]), 0), size)
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None
    return range(first, min(last + 1, size))
