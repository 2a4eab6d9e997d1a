"""The clients' documents over posters, as a journey: a guide draws one, a customer reads it with the camera."""

import io

import httpx
import zxingcpp
from PIL import Image

from app.platform.runtime import Runtime
from tests import factories
from tests.documents import Client
from tests.factories import Scene, key
from tests.flows.test_contract import signed_in


async def test_guide_draws_a_poster_and_whoever_scans_it_is_the_guides_customer(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    templates = (await guide.data("PosterTemplates"))["posterTemplates"]
    assert (templates["totalCount"], templates["pageInfo"]["hasNextPage"]) == (3, False)
    page = (await Client(http).data("ShopPage", slug=scene.guide.slug))["shop"]["shelf"]["edges"][0]["node"]
    sent = {
        "idempotencyKey": key(),
        "templateId": templates["edges"][0]["node"]["id"],
        "productId": page["product"]["id"],
    }
    drawn = (await guide.do("PosterRender", **sent))["poster"]
    assert drawn["state"] == "READY"
    assert (await guide.do("PosterRender", **sent))["poster"] == drawn
    other = await guide.do("PosterRender", **sent | {"productId": None})
    assert other["__typename"] == "IdempotencyConflict"

    # What a chat leaves of it is scanned by a stranger, who signs in and is bound.
    picture = Image.open(io.BytesIO((await http.get(drawn["imageUrl"])).content))
    half = io.BytesIO()
    picture.reduce(2).save(half, "JPEG", quality=60)
    [found] = zxingcpp.read_barcodes(Image.open(half))
    assert found.text == drawn["issuedCode"]["url"]
    token = found.text.rpartition("/q/")[2]
    scan = await Client(http).do("CodeScan", code=token, idempotencyKey=key())
    assert (scan["touchpoint"]["channel"], scan["touchpoint"]["guide"]["displayName"]) == ("POSTER", "林知夏")
    _, entered = await signed_in(http, runtime, scene.brand, factories.next_phone(), visitorToken=scan["visitorToken"])
    assert entered["viewer"]["customer"]["guide"]["displayName"] == "林知夏"
