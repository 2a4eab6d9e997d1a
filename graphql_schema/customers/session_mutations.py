"""Signing in by phone and one-time code, refreshing, signing out: for customers and employees."""

import re
from typing import Annotated, Any

import strawberry

from app.customers import visitors
from app.customers.consents import Consent
from app.customers.sign_in import sign_in_customer
from app.employees import sessions, sign_in_codes
from app.employees.sessions import SessionTokens
from app.employees.sign_in import SignedIn, sign_in_employee
from app.employees.values import Audience
from app.platform import errors, tokens
from app.platform.actor import ANONYMOUS
from app.platform.db import Brand, BrandSession
from graphql_schema.context import Context, Info
from graphql_schema.customers.session_inputs import (
    SessionRefreshInput,
    SignInCodeRequestInput,
    SignInInput,
    SignOutInput,
)
from graphql_schema.employees.types import Session, Viewer, to_session
from graphql_schema.employees.viewer import viewer_of
from graphql_schema.permissions import ANYBODY, SIGNED_IN, Requires
from graphql_schema.transaction import Result, mutate
from graphql_schema.user_errors import InvalidInput, NotFound, RateLimited, SignInRefused, to_user_error

_BRAND_CODE = re.compile(r"[a-z0-9-]{2,32}")
_LONGEST_TOKEN = 100


@strawberry.type(description="A code is on its way, if somebody may sign in with this phone. The answer never tells.")
class SignInCodeRequestPayload:
    sent_to: str = strawberry.field(description="The phone with its middle hidden: 199****0316.")
    retry_after_seconds: int = strawberry.field(description="When another code may be asked for.")


@strawberry.type(description="Signed in.")
class SignInPayload:
    session: Session = strawberry.field(description="The keys.")
    viewer: Viewer = strawberry.field(description="Who is signed in now.")


@strawberry.type(description="The session goes on.")
class SessionRefreshPayload:
    session: Session = strawberry.field(description="The new keys; the refresh token that was sent is used up.")


@strawberry.type(description="Signed out.")
class SignOutPayload:
    ended_sessions: int = strawberry.field(description="How many sessions were ended.")


SignInCodeRequestResult = Annotated[
    SignInCodeRequestPayload | InvalidInput | RateLimited,
    strawberry.union("SignInCodeRequestResult", description="The same for known and unknown phones."),
]
SignInResult = Annotated[
    SignInPayload | InvalidInput | SignInRefused | RateLimited,
    strawberry.union("SignInResult", description="The session, or why there is none."),
]
SessionRefreshResult = Annotated[
    SessionRefreshPayload | SignInRefused,
    strawberry.union("SessionRefreshResult", description="The new keys, or a refusal: sign in anew."),
]
SignOutResult = Annotated[
    SignOutPayload | NotFound, strawberry.union("SignOutResult", description="How many sessions have ended.")
]


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        description="Send a one-time code. Each phone: 1 a minute and 10 a day; each address: 30 an hour.",
        extensions=[Requires(ANYBODY)],
    )
    async def sign_in_code_request(
        self, info: Info, input: Annotated[SignInCodeRequestInput, strawberry.argument(description="Phone and door.")]
    ) -> SignInCodeRequestResult:
        return await _request_code(info.context, input)

    @strawberry.mutation(
        description="Sign in with a one-time code. A customer is made at the first sign-in. Needs no idempotency key, "
        "as a code works once; whoever loses the answer asks for another code.",
        extensions=[Requires(ANYBODY)],
    )
    async def sign_in(
        self, info: Info, input: Annotated[SignInInput, strawberry.argument(description="Phone and code.")]
    ) -> SignInResult:
        return await _sign_in(info, input)

    @strawberry.mutation(
        description="Change a refresh token for new keys. A token that was used before ends its session.",
        extensions=[Requires(ANYBODY)],
    )
    async def session_refresh(
        self, info: Info, input: Annotated[SessionRefreshInput, strawberry.argument(description="The token.")]
    ) -> SessionRefreshResult:
        return await _refresh(info.context, input)

    @strawberry.mutation(description="End this session, or all of the caller's.", extensions=[Requires(SIGNED_IN)])
    async def sign_out(
        self, info: Info, input: Annotated[SignOutInput, strawberry.argument(description="How far.")]
    ) -> SignOutResult:
        return await _sign_out(info.context, input)


async def _request_code(context: Context, input: SignInCodeRequestInput) -> SignInCodeRequestResult:
    brand = await _brand_of(context, input.brand_code)
    if brand is None:
        unknown: SignInCodeRequestResult = await _unknown_brand(context)
        return unknown

    async def act(session: BrandSession) -> Result | errors.UserFault:
        asked = await sign_in_codes.request(
            session,
            phone=input.phone,
            audience=input.audience,
            address=context.address,
            settings=context.runtime.settings,
            now=session.now,
        )
        if isinstance(asked, errors.RateLimited):
            return asked
        return {"sent_to": asked.sent_to, "retry_after_seconds": asked.retry_after_seconds}

    async def answer(_: BrandSession, made: Result) -> SignInCodeRequestPayload:
        return SignInCodeRequestPayload(**made)

    given: SignInCodeRequestResult = await _unkeyed(context, brand, "signInCodeRequest", act, answer)
    return given


async def _sign_in(info: Info, input: SignInInput) -> SignInResult:
    context = info.context
    brand = await _brand_of(context, input.brand_code)
    if brand is None:
        unknown: SignInResult = await _unknown_brand(context)
        return unknown

    async def act(session: BrandSession) -> Result | errors.UserFault:
        given = await _check_in(context, session, input)
        return given if isinstance(given, errors.UserFault) else {"tokens": given.tokens}

    async def answer(_: BrandSession, made: Result) -> SessionTokens:
        opened: SessionTokens = made["tokens"]
        return opened

    opened: SessionTokens | InvalidInput | SignInRefused = await _unkeyed(context, brand, "signIn", act, answer)
    if not isinstance(opened, SessionTokens):
        return opened
    claims = tokens.read_access_token(context.runtime.secrets.signing, opened.access_token)
    context.become(brand, claims)
    return SignInPayload(session=to_session(opened), viewer=await viewer_of(info))


async def _check_in(context: Context, session: BrandSession, input: SignInInput) -> SignedIn | errors.SignInRefused:
    settings, signing = context.runtime.settings, context.runtime.secrets.signing
    if input.audience is Audience.EMPLOYEE:
        if input.consents:
            raise errors.InvalidInput("consents_for_customers", path=("consents",))
        return await sign_in_employee(
            session, phone=input.phone, code=input.code, settings=settings, signing=signing, now=session.now
        )
    visitor = await visitors.find(session, input.visitor_token)
    return await sign_in_customer(
        session,
        phone=input.phone,
        code=input.code,
        visitor_id=None if visitor is None else visitor.visitor_id,
        consents=[Consent(given.purpose, given.text_version, given.granted) for given in input.consents or []],
        settings=settings,
        signing=signing,
        now=session.now,
    )


async def _refresh(context: Context, input: SessionRefreshInput) -> SessionRefreshResult:
    found = None
    if len(input.refresh_token) <= _LONGEST_TOKEN:
        key = tokens.token_key(input.refresh_token)
        found = await context.runtime.database.resolve(sessions.REFRESH_TOKEN, key)
    if found is None:
        refused: SessionRefreshResult = await _refusal(context, errors.SignInRefused())
        return refused
    brand, refresh_token_id = found

    async def act(session: BrandSession) -> Result | errors.UserFault:
        given = await sessions.rotate(
            session,
            refresh_token_id=refresh_token_id,
            settings=context.runtime.settings,
            signing=context.runtime.secrets.signing,
            now=session.now,
        )
        return given if isinstance(given, errors.UserFault) else {"tokens": given}

    async def answer(_: BrandSession, made: Result) -> SessionRefreshPayload:
        return SessionRefreshPayload(session=to_session(made["tokens"]))

    given: SessionRefreshResult = await _unkeyed(context, brand, "sessionRefresh", act, answer)
    return given


async def _sign_out(context: Context, input: SignOutInput) -> SignOutResult:
    actor = await context.actor()

    async def act(session: BrandSession) -> Result:
        return {"ended": await sessions.end(session, actor, everywhere=bool(input.everywhere), now=session.now)}

    async def answer(_: BrandSession, made: Result) -> SignOutPayload:
        return SignOutPayload(ended_sessions=made["ended"])

    given: SignOutResult = await _unkeyed(context, await context.brand(), "signOut", act, answer)
    return given


async def _unkeyed(context: Context, brand: Brand, operation: str, act: Any, answer: Any) -> Any:
    """A mutation without an idempotency key: what it answers holds secrets, and is stored nowhere."""
    return await mutate(context, brand, operation=operation, actor=ANONYMOUS, body=None, act=act, answer=answer)


async def _brand_of(context: Context, code: str) -> Brand | None:
    if _BRAND_CODE.fullmatch(code) is None:
        return None
    brand = await context.runtime.database.brand_by_code(code)
    return None if brand is None else context.enter_brand(brand)


async def _unknown_brand(context: Context) -> Any:
    return await _refusal(context, errors.InvalidInput("brand_unknown", path=("brandCode",)))


async def _refusal(context: Context, fault: errors.UserFault) -> Any:
    """The union member of a fault found before there is a brand to open a transaction for."""
    return await to_user_error(fault, context.language)
