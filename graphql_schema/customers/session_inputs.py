"""Inputs of signing in, refreshing and signing out."""

import strawberry

from app.customers.values import ConsentPurpose
from graphql_schema.employees.enums import Audience

strawberry.enum(
    ConsentPurpose,
    description="What a consent allows: messages about offers, a profile made from behaviour, the coarse location.",
)

PHONE = "11 digits, or +86 with them."
BRAND_CODE = "The brand's code; phones are known per brand."


@strawberry.input(description="Where a one-time code is to be sent.")
class SignInCodeRequestInput:
    brand_code: str = strawberry.field(description=BRAND_CODE)
    phone: str = strawberry.field(description=PHONE)
    audience: Audience = strawberry.field(description="Whose door the code opens.")


@strawberry.input(description="A customer's decision about one purpose.")
class ConsentInput:
    purpose: ConsentPurpose = strawberry.field(description="What it allows.")
    text_version: str = strawberry.field(description="Version of the text that was shown, up to 40 characters.")
    granted: bool = strawberry.field(description="False: refused or withdrawn.")


@strawberry.input(description="A phone with its one-time code.")
class SignInInput:
    brand_code: str = strawberry.field(description=BRAND_CODE)
    phone: str = strawberry.field(description=PHONE)
    code: str = strawberry.field(
        description="6 digits. Good for 5 minutes, 5 tries and one use; only the newest counts."
    )
    audience: Audience = strawberry.field(description="Whose door to open.")
    visitor_token: str | None = strawberry.field(
        default=None, description="A customer's, from CodeScan: joins what was done before. Unknown ones are ignored."
    )
    consents: list[ConsentInput] | None = strawberry.field(
        default=None, description="A customer's, each purpose once; none is a condition of signing in."
    )


@strawberry.input(description="A refresh token to change for a new pair.")
class SessionRefreshInput:
    refresh_token: str = strawberry.field(description="From SignIn or the last SessionRefresh; good once.")


@strawberry.input(description="How far to sign out.")
class SignOutInput:
    everywhere: bool | None = strawberry.field(default=False, description="True: end every session of the caller.")
