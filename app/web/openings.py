"""A page that a code leads to, opened in a browser: the touch counts for the code, however the page was come to."""

from app.marketing import codes
from app.platform.actor import ANONYMOUS
from app.platform.db import BrandSession
from app.web import callers
from app.web.readers import ShopReader


async def record(reader: ShopReader, token: str) -> codes.Scan | None:
    """Record the opening, which repeats that of the code's own address; None for who leaves no trace."""
    if not callers.is_person(reader.request):
        return None

    async def work(session: BrandSession) -> codes.Scan:
        return await codes.scan(
            session, ANONYMOUS, token=token, visitor_token=callers.visitor_token(reader.request), now=session.now
        )

    scan = await reader.runtime.database.run(reader.brand, work)
    settings = reader.runtime.settings
    reader.on_parting(lambda response: callers.keep_visitor(response, scan.visitor_token, settings))
    reader.on_parting(lambda response: callers.keep_code(response, token, reader.path, settings))
    return scan
