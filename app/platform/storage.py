"""Where pictures and files are kept: a folder by default, a bucket that speaks S3 where the settings name one.

A key is a path such as `<brand>/<sha256>.jpg`; its ending says the type. What is under a key made of its content never
changes, so writing it twice is harmless and it may be kept by everybody for ever.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from app.platform.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What may be kept, by the ending of its key."""
LONGEST_KEY: Final = 200

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_OF_CONTENT = re.compile(r"[0-9a-f]{32}/[0-9a-f]{64}\.[a-z0-9]+", re.ASCII)

_Store: TypeAlias = LocalStore | S3Store


class StorageUnreachable(Exception):
    """The bucket or folder gave no answer, or refused us."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept under a key."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder or bucket. Keys that are no keys raise ValueError when written, and lead to nothing when read."""

    _store: _Store

    async def put(self, key: str, data: bytes, *, media_type: str) -> None:
        """Keep `data`, whole or not at all. Raises: ValueError (key, or a type that its ending denies),
        StorageUnreachable.
        """
        if media_type_of(key) != media_type:
            raise ValueError(f"{key!r} is no key of {media_type}")
        attributes = {"Content-Type": media_type} if isinstance(self._store, S3Store) else None
        try:
            # One request: pieces of a big file would be left behind by a process that dies between them.
            await self._store.put_async(key, data, attributes=attributes, use_multipart=False)
        except (BaseError, OSError) as error:
            raise StorageUnreachable(str(error)) from error

    async def get(self, key: str) -> Stored | None:
        """What is kept under the key, None where there is nothing. Raises: StorageUnreachable."""
        media_type = media_type_of(key)
        if media_type is None:
            return None
        try:
            found = await self._store.get_async(key)
            return Stored(bytes(await found.bytes_async()), media_type)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (BaseError, OSError) as error:
            raise StorageUnreachable(str(error)) from error

    async def delete(self, key: str) -> None:
        """Take away what is under the key; nothing happens where there is nothing. Raises: StorageUnreachable."""
        if media_type_of(key) is None:
            return
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StorageUnreachable(str(error)) from error


def open_storage(settings: Settings) -> Storage:
    """The bucket that MEDIA_S3_BUCKET names, else the folder."""
    if not settings.media_s3_bucket:
        return Storage(LocalStore(settings.media_dir, mkdir=True))
    config: S3Config = {
        "region": settings.media_s3_region,
        "virtual_hosted_style_request": settings.media_s3_bucket_in_host,
    }
    if settings.media_s3_endpoint:
        config["endpoint"] = settings.media_s3_endpoint
    if settings.media_s3_access_key:
        # Without keys here they come from where the provider's own tools look for them.
        config["access_key_id"] = settings.media_s3_access_key
        config["secret_access_key"] = settings.media_s3_secret_key
    client: ClientConfig = {
        "allow_http": settings.media_s3_endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=3),
        "timeout": timedelta(seconds=20),
    }
    retries: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
    prefix = settings.media_s3_prefix or None
    return Storage(
        S3Store(settings.media_s3_bucket, prefix=prefix, config=config, client_options=client, retry_config=retries)
    )


def content_key(brand_id: UUID, data: bytes, *, media_type: str) -> str:
    """The key that names the content: `<brand>/<sha256>.<ending>`. Raises: ValueError for a type that is not kept."""
    for ending, kept in MEDIA_TYPES.items():
        if kept == media_type:
            return f"{brand_id.hex}/{hashlib.sha256(data).hexdigest()}.{ending}"
    raise ValueError(f"{media_type} is not kept")


def is_of_content(key: str) -> bool:
    """Whether the key names its content, so that what is under it never changes."""
    return _OF_CONTENT.fullmatch(key) is not None


def media_type_of(key: str) -> str | None:
    """The type that a key's ending says; None for what is no key: too long, hidden, with a way up, of no known type."""
    if len(key) > LONGEST_KEY or _KEY.fullmatch(key) is None:
        return None
    return MEDIA_TYPES.get(key.rpartition("/")[2].partition(".")[2].rpartition(".")[2].lower())


def media_url(key: str) -> str:
    """Where this server shows what is under the key: a path, the same on every address of the server."""
    return f"/media/{key}"


def key_of(url: str) -> str | None:
    """The key behind a path below /media/, None for every other address."""
    key = url.removeprefix("/media/")
    return key if key != url and media_type_of(key) is not None else None
