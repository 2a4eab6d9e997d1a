"""Storage: the same promises from a folder and from a bucket; keys that are no keys; what /media/ serves."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.platform import storage
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.platform.storage import Storage, StorageUnreachable, Stored, open_storage
from tests.platform import bucket as peer

BRAND = UUID(int=7)
KEY = storage.content_key(BRAND, b"a picture", media_type="image/jpeg")

BAD_KEYS = [
    "",
    "a",
    "a.exe",
    "a.html",
    "/a.jpg",
    "a//b.jpg",
    "../a.jpg",
    "a/../b.jpg",
    "a/./b.jpg",
    ".hidden.jpg",
    "a/.b.jpg",
    "a b.jpg",
    "a%2f..%2fb.jpg",
    "a\\b.jpg",
    "a\x00.jpg",
    "a.jpg\n",
    "a.jpg/",
    "a?.jpg",
    "图.jpg",
    f"{'a' * 200}.jpg",
]


@pytest.fixture(scope="module")
def bucket() -> Iterator[peer.Bucket]:
    with peer.opened() as opened:
        yield opened


def on_bucket(bucket: peer.Bucket, **changes: Any) -> Storage:
    given: dict[str, Any] = {
        "media_s3_bucket": "pictures",
        "media_s3_endpoint": bucket.url,
        "media_s3_region": peer.REGION,
        "media_s3_access_key": peer.ACCESS,
        "media_s3_secret_key": peer.SECRET,
    }
    return open_storage(Settings(**(given | changes)))


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, bucket: peer.Bucket) -> Storage:
    if request.param == "bucket":
        bucket.objects.clear()
        return on_bucket(bucket)
    return open_storage(Settings(media_folder=tmp_path / "media"))


async def test_what_was_put_is_got_until_it_is_deleted(kept: Storage) -> None:
    assert await kept.get(KEY) is None
    await kept.put(KEY, b"a picture", media_type="image/jpeg")
    await kept.put(KEY, b"a picture", media_type="image/jpeg")
    assert await kept.get(KEY) == Stored(b"a picture", "image/jpeg")
    await kept.delete(KEY)
    await kept.delete(KEY)
    assert await kept.get(KEY) is None


async def test_big_file_comes_back_whole(kept: Storage) -> None:
    data = bytes(range(256)) * 40_000
    await kept.put("films/a.mp4", data, media_type="video/mp4")
    assert await kept.get("films/a.mp4") == Stored(data, "video/mp4")


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_what_is_no_key_is_never_written_and_leads_to_nothing(kept: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        await kept.put(key, b"x", media_type="image/jpeg")
    assert await kept.get(key) is None
    await kept.delete(key)


async def test_type_that_the_ending_denies_is_not_written(kept: Storage) -> None:
    with pytest.raises(ValueError, match="no key"):
        await kept.put("a.jpg", b"<svg/>", media_type="image/svg+xml")
    assert await kept.get("a.jpg") is None


def test_key_is_made_of_the_content() -> None:
    assert f"{BRAND.hex}/{hashlib.sha256(b'a picture').hexdigest()}.jpg" == KEY
    assert storage.is_of_content(KEY) and not storage.is_of_content("demo/01.svg")
    assert storage.media_url(KEY) == f"/media/{KEY}" and storage.key_of(f"/media/{KEY}") == KEY
    assert [storage.key_of(url) for url in (KEY, f"https://a.example/media/{KEY}", "/media/../a.jpg")] == [None] * 3
    with pytest.raises(ValueError, match="not kept"):
        storage.content_key(BRAND, b"x", media_type="text/html")


async def test_bucket_is_told_the_type_below_the_prefix(bucket: peer.Bucket) -> None:
    bucket.objects.clear()
    await on_bucket(bucket, media_s3_prefix="shop").put(KEY, b"x", media_type="image/jpeg")
    assert bucket.objects == {f"/pictures/shop/{KEY}": (b"x", "image/jpeg")}


async def test_bucket_that_refuses_or_breaks_is_told_from_one_without_the_object(bucket: peer.Bucket) -> None:
    stranger = on_bucket(bucket, media_s3_secret_key="another")
    with pytest.raises(StorageUnreachable):
        await stranger.put(KEY, b"x", media_type="image/jpeg")
    with pytest.raises(StorageUnreachable):
        await stranger.get(KEY)
    bucket.is_broken = True
    bucket.asked.clear()
    try:
        with pytest.raises(StorageUnreachable):
            await on_bucket(bucket).delete(KEY)
    finally:
        bucket.is_broken = False
    assert len(bucket.asked) == 3
    with pytest.raises(StorageUnreachable):
        await on_bucket(bucket, media_s3_endpoint="http://127.0.0.1:1").get(KEY)


async def test_media_are_served_with_their_type_and_kept_for_ever(http: httpx.AsyncClient, runtime: Runtime) -> None:
    await runtime.storage.put(KEY, b"a picture", media_type="image/jpeg")
    shown = await http.get(f"/media/{KEY}")
    assert (shown.status_code, shown.content) == (200, b"a picture")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    again = await http.get(f"/media/{KEY}", headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await http.head(f"/media/{KEY}")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "9", b"")


async def test_media_under_a_plain_name_are_kept_for_a_day_and_change_their_tag(
    http: httpx.AsyncClient, runtime: Runtime
) -> None:
    tags = []
    for text in (b"a,b\n", b"a,b,c\n"):
        await runtime.storage.put("lists/a.csv", text, media_type="text/csv; charset=utf-8")
        shown = await http.get("/media/lists/a.csv")
        assert shown.headers["cache-control"] == "public, max-age=86400"
        assert shown.headers["content-disposition"] == "attachment"
        tags.append(shown.headers["etag"])
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    "key", [KEY.replace(".jpg", ".png"), "..%2f..%2fsecrets/signing.key", "a.jpg", "lists", "", "x%00.jpg"]
)
async def test_nothing_else_is_served(http: httpx.AsyncClient, key: str) -> None:
    shown = await http.get(f"/media/{key}", headers={"accept": "text/html"})
    assert shown.status_code == 404 and shown.headers["content-type"].startswith("text/html")


async def test_storage_that_is_away_is_503_and_not_404(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Storage, key: str) -> Stored | None:
        raise StorageUnreachable("away")

    monkeypatch.setattr(Storage, "get", fail)
    shown = await http.get(f"/media/{KEY}")
    assert (shown.status_code, shown.headers["cache-control"]) == (503, "no-store")
