"""Whoever reads a page: the request, the brand and shop it led to, who is signed in, and how they are answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.employees import sessions
from app.marketing.rules import is_slug
from app.platform import idempotency, messages, tokens
from app.platform.actor import ANONYMOUS, Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import UserFault
from app.platform.idempotency import Result
from app.platform.runtime import Runtime
from app.platform.tokens import AccessClaims
from app.products import reads
from app.products.reads import ShopFacts
from app.products.shops import SHOP_SLUG
from app.web import answers, forms, seals, signed_in
from app.web.answers import Refused
from app.web.forms import Form
from app.web.manifests import manifest_of
from app.web.texts import Speech

T = TypeVar("T")
FORM_COOKIE: Final = "form"
_SECRET_CHARACTERS: Final = 43


class Reader:
    """A reader of whom nothing is known yet."""

    def __init__(self, runtime: Runtime, request: Request, brand: Brand | None = None) -> None:
        self.runtime = runtime
        self.request = request
        self.say = Speech(language_of(request), brand)
        self._form_secret: str | None = None
        self._parting: list[Callable[[Response], None]] = []

    def show(
        self,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page with the reader's form token at hand; kept nowhere unless `headers` say otherwise."""
        kept = answers.KEPT_NOWHERE if headers is None else headers
        errors = forms.Errors(values.get("errors", {}))
        given = {
            "manifest": manifest_of(self.request.url.path),
            **values,
            "errors": errors,
            "form_token": self.form_token,
            "is_signed_in": self.is_signed_in,
        }
        return answers.page(template, given, say=self.say, status=status, headers=kept)

    @property
    def is_signed_in(self) -> bool:
        return False

    def form_token(self) -> str:
        """What every form of this browser carries: the seal of a secret that only its cookie holds."""
        secret = self._form_secret or self._kept_secret()
        if secret is None:
            secret = tokens.new_secret_token()
            self.on_parting(self._keep_secret)
        self._form_secret = secret
        return seals.seal(self.runtime.database.vault, FORM_COOKIE, secret)

    async def form(self) -> Form:
        """The form that was sent, when it was sent from a page of ours in this browser. Raises: Refused."""
        form = await forms.read(self.request, self.say)
        secret = self._kept_secret()
        is_ours = secret is not None and seals.is_sealed(
            self.runtime.database.vault, FORM_COOKIE, secret, form.text(forms.TOKEN)
        )
        if not is_ours or not forms.is_from_here(self.request, self.runtime.settings.base_url):
            raise Refused(forms.stale(self.say))
        return form

    def on_parting(self, act: Callable[[Response], None]) -> None:
        """Have something done to the response, whichever it will be: a cookie set."""
        self._parting.append(act)

    def part(self, response: Response) -> Response:
        """The response as it leaves."""
        for act in self._parting:
            act(response)
        return response

    def _kept_secret(self) -> str | None:
        secret = self.request.cookies.get(signed_in.own_name(self.runtime.settings, FORM_COOKIE), "")
        return secret if len(secret) == _SECRET_CHARACTERS else None

    def _keep_secret(self, response: Response) -> None:
        settings = self.runtime.settings
        response.set_cookie(
            signed_in.own_name(settings, FORM_COOKIE),
            self._form_secret or "",
            path="/",
            httponly=True,
            samesite="lax",
            secure=signed_in.is_secure(settings),
        )


class BrandReader(Reader):
    """A reader on the pages of a brand; `actor` is ANONYMOUS until somebody has signed in."""

    def __init__(self, runtime: Runtime, request: Request, brand: Brand, actor: Actor = ANONYMOUS) -> None:
        super().__init__(runtime, request, brand)
        self.brand = brand
        self.actor = actor

    @property
    def is_signed_in(self) -> bool:
        return self.actor is not ANONYMOUS

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[BrandSession]:
        """A short read session of the brand."""
        async with self.runtime.database.reading(self.brand) as session:
            yield session

    async def change(
        self,
        operation: str,
        act: Callable[[BrandSession], Awaitable[Result | UserFault]],
        *,
        key: str | None = None,
        body: object = None,
    ) -> Result | UserFault:
        """One transaction, once under a form's key; a user fault, raised or returned, is given back."""

        async def work(session: BrandSession) -> Result | UserFault:
            return await idempotency.once(
                session,
                principal=self.actor.principal,
                operation=f"page:{operation}",
                key=key,
                body=idempotency.fingerprint(body),
                act=act,
            )

        try:
            return await self.runtime.database.run(self.brand, work)
        except UserFault as fault:
            return fault

    def explain(self, fault: UserFault) -> str:
        """The words of a fault, in the reader's language."""
        return messages.text(fault.key, self.say.language, **fault.facts)

    def keep_renewed(self, claims: AccessClaims) -> None:
        """Give a key whose life is half over a new one."""
        if signed_in.is_old(self.runtime, claims):
            fresh = signed_in.renewed(self.runtime, claims)
            self.on_parting(lambda response: signed_in.keep(self.runtime, response, self.brand, fresh))


class ShopReader(BrandReader):
    """A reader in a guide's shop."""

    def __init__(self, runtime: Runtime, request: Request, brand: Brand, shop: ShopFacts, actor: Actor) -> None:
        super().__init__(runtime, request, brand, actor)
        self.shop = shop
        self.path = f"/s/{shop.slug}"

    def require_customer(self, *, back_to: str | None = None) -> None:
        """Lead whoever is not signed in there, and afterwards to `back_to` or here again. Raises: Refused."""
        if not self.actor.is_customer:
            here = back_to or str(self.request.url.path) + (
                f"?{self.request.url.query}" if self.request.url.query else ""
            )
            raise Refused(answers.see(f"{self.path}/sign-in?{urlencode({'next': here})}"))


class StaffReader(BrandReader):
    """An employee on the pages for employees."""

    def require(self, *, is_allowed: bool) -> None:
        """Raises: Refused."""
        if not is_allowed:
            say = self.say
            raise Refused(answers.message(say("forbidden"), say("forbidden_text"), say=say, status=403))


def address_of(request: Request) -> str:
    """Path and query of what was asked for."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def language_of(request: Request) -> str:
    return messages.language_of(request.headers.get("accept-language", ""))


async def in_shop(runtime: Runtime, request: Request) -> ShopReader | None:
    """The reader of a page below `/s/{slug}`; None where there is no such shop. At most two statements."""
    slug = request.path_params["slug"]
    found = await runtime.database.resolve(SHOP_SLUG, slug) if is_slug(slug) else None
    if found is None:
        return None
    brand = found[0]
    claims = signed_in.customer_claims(runtime, request, brand)
    actor = None
    async with runtime.database.reading(brand) as session:
        shop = await reads.shop_facts_by_slug(session, slug)
        if shop is not None and claims is not None:
            actor = await sessions.load_actor(session, claims)
    if shop is None:
        return None
    reader = ShopReader(runtime, request, brand, shop, actor or ANONYMOUS)
    if actor is not None and claims is not None:
        reader.keep_renewed(claims)
    return reader


async def of_staff(runtime: Runtime, request: Request) -> StaffReader | None:
    """The employee who reads a page; None when nobody is signed in, or no longer works there. One statement."""
    claims = signed_in.staff_claims(runtime, request)
    brand = None if claims is None else await runtime.database.brand(claims.brand_id)
    if claims is None or brand is None:
        return None
    async with runtime.database.reading(brand) as session:
        actor = await sessions.load_actor(session, claims)
    if actor is None:
        return None
    reader = StaffReader(runtime, request, brand, actor)
    reader.keep_renewed(claims)
    return reader
