"""`POST /media`: employees upload pictures and files; what nothing names goes after a day, what is named stays."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image

from app.marketing import materials, poster_layouts, poster_templates
from app.marketing.values import MaterialContent, MaterialKind
from app.platform import clock, media, storage
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.media import Upload
from app.platform.models import MediaRow
from app.platform.runtime import Runtime
from app.platform.storage import Storage
from app.products import catalogue, pictures
from app.products.pictures import NewPicture
from app.web import uploads
from app.worker import MEDIA_NAMERS
from tests import factories
from tests.factories import Scene
from tests.platform.test_images import REFUSED, encoded, halves
from tests.web.browser import HOST, Browser
from tests.web.staffing import come_in

PICTURE = encoded(halves(2_000, 1_000))


@pytest.fixture
async def bearer(runtime: Runtime, scene: Scene) -> dict[str, str]:
    return {"authorization": f"Bearer {await factories.token_for(runtime, scene.brand, scene.guide.employee_id)}"}


async def send(http: httpx.AsyncClient, data: bytes, headers: dict[str, str], **fields: Any) -> httpx.Response:
    return await http.post("/media", files={"file": ("a.jpg", data, "image/jpeg")}, data=fields, headers=headers)


async def rows(runtime: Runtime, scene: Scene) -> list[str]:
    async with runtime.database.reading(scene.brand) as session:
        found = await session.execute(sa.select(MediaRow.key).where(MediaRow.brand_id == scene.brand.id))
        return list(found.scalars())


async def test_guides_picture_is_drawn_anew_kept_and_shown(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, bearer: dict[str, str]
) -> None:
    made = await send(http, PICTURE, bearer)
    assert made.status_code == 201, made.text
    answer = made.json()
    assert (answer["mediaType"], answer["width"], answer["height"]) == ("image/jpeg", 1_600, 800)
    assert answer["url"] == made.headers["location"] and answer["url"].startswith(f"/media/{scene.brand.id.hex}/")
    shown = await http.get(answer["url"])
    assert shown.status_code == 200 and Image.open(io.BytesIO(shown.content)).size == (1_600, 800)
    again = await send(http, PICTURE, bearer)
    assert again.json() == answer and await rows(runtime, scene) == [storage.key_of(answer["url"])]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(b"%PDF-1.7 brochure", "application/pdf"), (b"\0\0\0\x18ftypmp42 film", "video/mp4")],
)
async def test_brochures_and_films_are_kept_as_they_are(
    http: httpx.AsyncClient, bearer: dict[str, str], data: bytes, media_type: str
) -> None:
    answer = (await send(http, data, bearer)).json()
    assert (answer["mediaType"], answer["width"]) == (media_type, None)
    assert (await http.get(answer["url"])).content == data


@pytest.mark.parametrize("name", ["svg with a script", "zip named .jpg", "50 megapixels", "truncated jpeg", "html"])
async def test_what_is_no_picture_leaves_nothing(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, bearer: dict[str, str], name: str
) -> None:
    refused = await send(http, REFUSED[name][0], bearer)
    assert (refused.status_code, refused.json()["error"]) == (422, "INVALID_INPUT") and refused.json()["message"]
    assert await rows(runtime, scene) == []


async def test_nobody_but_employees_uploads(http: httpx.AsyncClient, runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
    token = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer x.y.z"}, 401),
        ({"authorization": "Basic eDp5"}, 401),
        ({"authorization": f"Bearer {token}"}, 403),
    ):
        assert (await send(http, PICTURE, headers)).status_code == status
    assert await rows(runtime, scene) == []


async def test_bodies_that_are_none_or_too_large_are_refused(
    http: httpx.AsyncClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BODY_BYTES", 20_000)

    async def drip() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(30):
            yield b"x" * 1_000

    form = {**bearer, "content-type": "multipart/form-data; boundary=b"}
    for given, status in (
        ({"json": {}}, 415),
        ({"files": {"other": ("a.jpg", b"x")}, "headers": bearer}, 400),
        ({"data": {"file": "text"}, "files": {"x": b""}, "headers": bearer}, 400),
        ({"content": b"--b\r\nbroken", "headers": form}, 400),
        ({"content": b"", "headers": {**bearer, "content-type": "multipart/form-data"}}, 400),
        ({"files": {"file": ("a.jpg", b"x" * 30_000)}, "headers": bearer}, 413),
        ({"content": drip(), "headers": form}, 413),
    ):
        refused = await http.post("/media", **({"headers": bearer} | given))
        assert (refused.status_code, set(refused.json())) == (status, {"error"}), given


async def test_browsers_cookie_counts_with_its_form_token_and_from_here_alone(
    browser: Browser, http: httpx.AsyncClient, scene: Scene
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    token = (await browser.open("/guide")).form("/sign-out").fields["form"][-1]
    kept = {"cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    here = {**kept, "origin": HOST}
    assert (await send(http, PICTURE, here)).status_code == 403
    assert (await send(http, PICTURE, here, form="x" * 43)).status_code == 403
    assert (await send(http, PICTURE, {**kept, "origin": "https://evil.example"}, form=token)).status_code == 403
    assert (await send(http, PICTURE, here, form=token)).status_code == 201
    assert (await send(http, PICTURE, {**here, "x-form-token": token})).status_code == 201


async def test_uploads_of_an_hour_are_counted(
    http: httpx.AsyncClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "UPLOADS_PER_HOUR", 1)
    assert (await send(http, PICTURE, bearer)).status_code == 201
    refused = await send(http, PICTURE, bearer)
    assert refused.status_code == 429 and 3_500 < int(refused.headers["retry-after"]) <= 3_601


# --- what nothing names


async def put(runtime: Runtime, scene: Scene, text: str, *, hours: int = 0) -> Upload:
    """A picture that was uploaded some hours ago."""
    data = text.encode()
    upload = Upload(storage.content_key(scene.brand.id, data, media_type="image/jpeg"), data, "image/jpeg", 4, 3)
    async with runtime.database.transaction(scene.brand, now=clock.utc_now() - timedelta(hours=hours)) as session:
        assert await media.register(session, "system", upload) == 0
    await runtime.storage.put(upload.key, data, media_type="image/jpeg")
    return upload


async def test_what_nothing_names_goes_after_a_day_and_what_is_named_stays(runtime: Runtime, scene: Scene) -> None:
    old, new = await put(runtime, scene, "old", hours=25), await put(runtime, scene, "new", hours=23)
    shown, cover, face = [await put(runtime, scene, name, hours=99) for name in ("shown", "cover", "face")]
    elsewhere = await factories.make_scene(runtime.database)
    theirs = await put(runtime, elsewhere, "theirs", hours=25)
    async with runtime.database.transaction(scene.brand) as session:
        await factories.make_employee(session, store_id=scene.store_id, avatar_url=face.url)
        await factories.make_product(session, cover_url=cover.url)
        await pictures.set_pictures(
            session, SYSTEM, product_id=scene.product_id, pictures=[NewPicture(shown.url)], now=session.now
        )
    sweep = media.sweeper(MEDIA_NAMERS)
    assert await sweep(runtime, scene.brand) == 1
    assert await sweep(runtime, scene.brand) == 0
    assert sorted(await rows(runtime, scene)) == sorted(one.key for one in (new, shown, cover, face))
    assert await runtime.storage.get(old.key) is None
    for kept in (new, shown, cover, face, theirs):
        assert await runtime.storage.get(kept.key) is not None


def _picture(url: str) -> dict[str, Any]:
    return {"kind": "PICTURE", "box": [0, 0, 40, 40], "source": url}


async def test_what_materials_and_posters_show_stays(runtime: Runtime, scene: Scene) -> None:
    cover, film, ground, old = [await put(runtime, scene, name, hours=99) for name in ("c", "f", "g", "o")]
    owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.owner_id, role="OWNER")
    async with runtime.database.transaction(scene.brand) as session:
        content = MaterialContent("新品", cover_url=cover.url, attachment_urls=(film.url,))
        material_id = await materials.create(session, owner, kind=MaterialKind.NEWS, content=content, now=session.now)
        # What a version of before showed, its shares go on showing.
        await materials.update(session, owner, material_id=material_id, cover_url=None, now=session.now)
        layout = poster_layouts.SHOP | {"layers": [*poster_layouts.SHOP["layers"], _picture(ground.url)]}
        await poster_templates.create(session, owner, title="自己的", document=layout, now=session.now)
    assert await media.sweeper(MEDIA_NAMERS)(runtime, scene.brand) == 1
    assert sorted(await rows(runtime, scene)) == sorted(one.key for one in (cover, film, ground))
    async with runtime.database.transaction(scene.brand) as session:
        gone = MaterialContent("旧闻", cover_url=old.url)
        with pytest.raises(InvalidInput, match="media_unknown"):
            await materials.create(session, owner, kind=MaterialKind.NEWS, content=gone, now=session.now)
        layout = poster_layouts.SHOP | {"layers": [*poster_layouts.SHOP["layers"], _picture(old.url)]}
        with pytest.raises(InvalidInput, match="media_unknown") as refused:
            await poster_templates.create(session, owner, title="没有底图", document=layout, now=session.now)
        assert refused.value.path == ("layout", "layers", str(len(layout["layers"]) - 1), "source")


async def test_evidence_of_an_after_sale_is_named(runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.reading(scene.brand) as session:
        for named in MEDIA_NAMERS:
            assert await named(session, ["a/b.jpg"]) == set()


async def test_file_that_is_going_can_be_neither_named_nor_uploaded_and_a_died_sweep_is_finished(
    http: httpx.AsyncClient,
    runtime: Runtime,
    scene: Scene,
    bearer: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = (await send(http, PICTURE, bearer)).json()
    key = str(storage.key_of(made["url"]))
    async with runtime.database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(MediaRow)
            .where(MediaRow.brand_id == scene.brand.id)
            .values(seen_at=session.now - timedelta(days=2))
        )
    sweep = media.sweeper(MEDIA_NAMERS)

    async def die(self: Storage, key: str) -> None:
        raise storage.StorageUnreachable("away")

    with monkeypatch.context() as patched, pytest.raises(storage.StorageUnreachable):
        patched.setattr(Storage, "delete", die)
        await sweep(runtime, scene.brand)
    refused = await send(http, PICTURE, bearer)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    async with runtime.database.transaction(scene.brand) as session:
        assert await media.hold(session, [key]) == set()
        with pytest.raises(InvalidInput, match="media_unknown"):
            await catalogue.update_product(
                session, SYSTEM, product_id=scene.product_id, cover_url=made["url"], now=session.now
            )
    assert await sweep(runtime, scene.brand) == 1 and await rows(runtime, scene) == []
    assert (await send(http, PICTURE, bearer)).status_code == 201
    assert await runtime.storage.get(key) is not None


async def test_of_a_name_and_a_sweep_at_once_the_name_wins_or_is_refused(runtime: Runtime, scene: Scene) -> None:
    for _ in range(5):
        upload = await put(runtime, scene, factories.key(), hours=30)

        async def name(session: BrandSession, url: str = upload.url) -> str:
            await pictures.set_pictures(
                session, SYSTEM, product_id=scene.product_id, pictures=[NewPicture(url)], now=session.now
            )
            return "named"

        named, swept = await asyncio.gather(
            runtime.database.run(scene.brand, name),
            media.sweeper(MEDIA_NAMERS)(runtime, scene.brand),
            return_exceptions=True,
        )
        kept = await runtime.storage.get(upload.key)
        assert (kept is not None) == (named == "named") and not isinstance(swept, BaseException), (named, swept)
