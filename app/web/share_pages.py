"""The guide's shares: what became of each, and of one who opened it, with its link, code and words to pass on."""

from uuid import UUID

from starlette.responses import Response

from app.customers import reads as customers
from app.employees import reads as employees
from app.marketing import share_reads
from app.marketing.codes import link_of
from app.marketing.share_reads import NO_FIGURES
from app.trade import code_sales
from app.trade.code_sales import NO_CODE_SALES
from app.web import answers, lists, toolbox_views, views
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id


async def show_shares(reader: StaffReader) -> Response:
    """`GET /guide/shares`: the own shares, the latest first, with their figures. Four statements."""
    guide_id = require_guide(reader)
    asked = lists.read(reader.request, "page_shares", (UUID,))
    async with reader.reading() as session:
        found = await share_reads.page(
            session, guide_id=guide_id, limit=asked.limit, after=None if asked.after is None else asked.after[0]
        )
        total = await share_reads.count(session, guide_id=guide_id)
        listed = asked.listed(found, lambda view: (view.share_id,))
        code_ids = [view.code_id for view in listed.rows]
        figures = await share_reads.figures_of_codes(session, code_ids)
        sales = await code_sales.sales_of_codes(session, code_ids)
        now = session.now
    say = reader.say
    lines = [
        toolbox_views.share_line(
            view, figures.get(view.code_id, NO_FIGURES), sales.get(view.code_id, NO_CODE_SALES), say
        )
        for view in listed.rows
    ]
    return reader.show("guide_shares.html", {"shares": lines, "total": total, "listed": listed, "now": now})


async def show_share(reader: StaffReader) -> Response:
    """`GET /guide/shares/{share_id}`: one share of the own, or of a guide whom the reader may see."""
    require_guide(reader)
    say = reader.say
    share_id = views.id_in(reader.request.path_params["share_id"], "Share")
    async with reader.reading() as session:
        view = None if share_id is None else (await share_reads.by_id(session, [share_id])).get(share_id)
        guide = None
        if view is not None:
            guide = (await employees.employees_by_id(session, [view.guide_id])).get(view.guide_id)
        if view is None or guide is None or not employees.may_see(reader.actor, guide):
            return answers.missing("share", say=say, href="/guide/shares", label=say("shares"))
        figures = (await share_reads.figures_of_codes(session, [view.code_id])).get(view.code_id, NO_FIGURES)
        sales = (await code_sales.sales_of_codes(session, [view.code_id])).get(view.code_id, NO_CODE_SALES)
        openers = (await share_reads.openers_of_codes(session, [view.code_id]))[view.code_id]
        ids = [one.customer_id for one in openers if one.customer_id is not None]
        seen = await customers.visible_customers(session, reader.actor, ids)
        now = session.now
    values = {
        "line": toolbox_views.share_line(view, figures, sales, say),
        "material_href": f"/guide/toolbox/{encode_global_id('Material', view.material.material_id)}",
        "version": view.material.version,
        "is_withdrawn": view.material.is_withdrawn,
        "is_revoked": view.is_revoked,
        "guide_name": guide.display_name,
        "token": view.token,
        "link": link_of(view.token, reader.runtime.settings.base_url),
        "text": view.text,
        "figures": figures,
        "read_for": toolbox_views.reading_words(figures.reading_seconds, say) if figures.reading_seconds else None,
        "orders": sales.orders,
        "net_sales": say.money(sales.net_sales_minor),
        "openers": toolbox_views.opener_lines(openers, seen, say),
        "most_openers": share_reads.MOST_OPENERS,
        "now": now,
    }
    return reader.show("guide_share.html", values)
