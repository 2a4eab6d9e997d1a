"""Pictures and files of this installation: shown, never run."""

import hashlib
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
_SHOWN: Final = ("image/", "video/", "application/pdf")


async def show_media(runtime: Runtime, request: Request) -> Response:
    """`/media/<key>`: what is under the key, with the type that its ending says, and no right to do anything."""
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
    return Response(found.data, media_type=found.media_type, headers=headers)
