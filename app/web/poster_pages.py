"""The guide's posters: choose a template and a product, and keep the picture with a long press."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.marketing import poster_reads, poster_works, posters
from app.marketing.poster_reads import PosterView
from app.marketing.poster_values import PosterState
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, UserFault
from app.platform.idempotency import Result
from app.platform.storage import media_url
from app.products import reads as products
from app.products import shelf_reads
from app.products.reads import ProductView
from app.web import answers, forms, views
from app.web.guide_pages import require_guide, who
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

MOST_TEMPLATES: Final = 24
MOST_PRODUCTS: Final = 100
LATEST: Final = 6


async def show_posters(reader: StaffReader) -> Response:
    """`GET /guide/posters`: the poster of `?poster=`; without one, what one can be made of, and the latest ones.

    Pictures are what weighs on a phone: a finished poster stands alone, the latest ones are named.
    """
    return await _page(reader)


async def make_poster(reader: StaffReader) -> Response:
    """`POST /guide/posters`: draw one, and lead to it."""
    require_guide(reader)
    form = await reader.form()
    template, product = form.text("template"), form.text("product")
    template_id = views.id_in(template, "PosterTemplate")
    product_id = views.id_in(product, "Product") if product else None
    chosen = {"template": template, "product": product}
    if template_id is None:
        return await _page(reader, errors={"template": reader.say("poster_template_required")}, **chosen)
    studio = await poster_works.open_studio(reader.runtime)

    async def act(session: BrandSession) -> Result:
        if product and product_id is None:
            raise InvalidInput("invalid_id", path=("productId",))
        made = await posters.request(
            session,
            reader.actor,
            template_id=template_id,
            product_id=product_id,
            studio=studio,
            due_at=session.now + poster_works.GRACE,
            now=session.now,
        )
        return {"poster_id": str(made)}

    made = await reader.change("posterRender", act, key=form.text("key"), body=chosen)
    if isinstance(made, UserFault):
        where = "product" if made.path[-1:] == ("productId",) else "template"
        return await _page(reader, errors={where: reader.explain(made)}, **chosen)
    poster_id = UUID(made["poster_id"])
    await poster_works.draw_now(reader.runtime, reader.brand, poster_id)
    return answers.see(f"/guide/posters?poster={encode_global_id('Poster', poster_id)}")


async def _page(
    reader: StaffReader, *, errors: dict[str, str] | None = None, template: str = "", product: str = ""
) -> Response:
    employee_id = require_guide(reader)
    wanted = views.id_in(reader.request.query_params.get("poster", ""), "Poster")
    async with reader.reading() as session:
        me = await who(session, employee_id)
        found = {} if wanted is None else await poster_reads.posters_by_id(session, [wanted])
        shown = next((one for one in found.values() if one.guide_id == employee_id), None)
        if shown is not None:
            return reader.show("guide_poster.html", {"me": me, "shown": _line(reader, shown)})
        templates = await poster_reads.template_page(session, limit=MOST_TEMPLATES)
        latest = await poster_reads.posters_of_guide(session, employee_id, limit=LATEST)
        named = await products.products_by_id(session, [one.product_id for one in latest if one.product_id is not None])
        shelf = []
        if me.shop_id is not None:
            page = await shelf_reads.shelf_page(
                session, shop_id=me.shop_id, branch=me.branch, limit=MOST_PRODUCTS, has_hidden=False, has_count=False
            )
            shelf = page.items
    offered = [
        {
            "id": encode_global_id("PosterTemplate", one.template_id),
            "title": one.title,
            "needs_product": one.needs_product,
            "preview": None if one.preview_key is None else media_url(one.preview_key),
        }
        for one in templates
    ]
    values = {
        "me": me,
        "has_shop": me.shop_id is not None,
        "templates": offered,
        "template": template or (offered[0]["id"] if offered else ""),
        "products": [(encode_global_id("Product", one.product.product_id), one.product.title) for one in shelf],
        "product": product,
        "latest": [_line(reader, one, named) for one in latest if one.state is PosterState.READY],
        "key": forms.new_key(),
        "errors": errors or {},
    }
    return reader.show("guide_posters.html", values, status=422 if errors else 200)


def _line(
    reader: StaffReader, poster: PosterView, named: Mapping[UUID, ProductView] | None = None
) -> dict[str, str | None]:
    product = None if named is None or poster.product_id is None else named[poster.product_id].title
    return {
        "href": f"/guide/posters?poster={encode_global_id('Poster', poster.poster_id)}",
        "state": poster.state.lower(),
        "image": None if poster.image_key is None else media_url(poster.image_key),
        "title": product or reader.say("poster_whole_shop"),
        "made": reader.say.moment(poster.created_at),
    }
