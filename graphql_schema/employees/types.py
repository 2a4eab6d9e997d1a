"""Brand, organisation units, stores, guides, employees, and who is signed in.

What other packages know of an employee is read by their loaders. Those import these types, so they are imported where
they are called.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from app.employees.reads import EmployeeFacts, StoreFacts, UnitFacts
from app.employees.rules import may_reach
from app.employees.sessions import SessionTokens
from app.platform import db
from graphql_schema.context import Info
from graphql_schema.employees import batches
from graphql_schema.employees.enums import EmployeeState, OrgUnitKind, Role, StaffFunction, StoreOperator
from graphql_schema.employees.privacy import OfEmployee, OfEmployeeAndFinance
from graphql_schema.money import CurrencyCode
from graphql_schema.paging import Connection, Node, encode_global_id
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.training import types as training
from graphql_schema.training.types import InboxMessageConnection, TrainingAssignment, TrainingState

if TYPE_CHECKING:
    from graphql_schema.commission.types import CommissionBalance, CommissionEntry, GuideDay
    from graphql_schema.commission.withdrawal_types import CommissionStatement, Withdrawal
    from graphql_schema.customers.types import Customer
    from graphql_schema.marketing.toolbox_types import Share
    from graphql_schema.products.types import Shop
    from graphql_schema.trade.types import Order


@strawberry.type(description="A retail brand: the tenant to which everything belongs.")
class Brand(Node):
    code: str = strawberry.field(description="Short name for sign-in, unique: 2 to 32 of a-z, 0-9 and -.")
    name: str = strawberry.field(description="As customers know it, up to 60 characters.")
    currency: CurrencyCode = strawberry.field(description="Currency of every amount of this brand.")
    time_zone: str = strawberry.field(description="IANA time zone: its days are the brand's business days.")


@strawberry.type(description="A unit of the organisation tree. A unit with all below it is a branch.")
class OrgUnit(Node):
    code: str = strawberry.field(description="Unique in the brand, up to 64 characters.")
    name: str = strawberry.field(description="Up to 60 characters.")
    kind: OrgUnitKind = strawberry.field(description="HEADQUARTERS for the root, else what was chosen.")
    facts: strawberry.Private[UnitFacts]

    @strawberry.field(
        description="The unit above; null for the root, and where it lies outside a manager's branch.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def parent(self, info: Info) -> "OrgUnit | None":
        if self.facts.parent_id is None:
            return None
        found = await batches.units(info.context).load(self.facts.parent_id)
        if found is None:
            return None
        actor = await info.context.actor()
        return to_unit(found) if may_reach(role=actor.role, branch=actor.branch, path=found.path) else None


@strawberry.type(description="One opening of a weekday, in the brand's time zone.")
class OpeningHours:
    weekday: int = strawberry.field(description="1 (Monday) to 7 (Sunday).")
    opens: str = strawberry.field(description="HH:MM.")
    closes: str = strawberry.field(description="HH:MM, later than `opens`; up to 24:00.")


@strawberry.type(description="A store. Code, operator and unit are for employees.")
class Store(Node):
    name: str = strawberry.field(description="Up to 60 characters.")
    city: str | None = strawberry.field(description="Up to 60 characters.")
    store_id: strawberry.Private[UUID]
    facts: strawberry.Private[StoreFacts | None]

    async def whole(self, info: Info) -> StoreFacts:
        """All that is known of the store; read at most once a request where only name and city came along."""
        if self.facts is None:
            self.facts = await batches.stores(info.context).load(self.store_id)
            if self.facts is None:
                raise LookupError(f"store {self.store_id} is gone")
        return self.facts

    @strawberry.field(description="Street and number, up to 200 characters.")
    async def address(self, info: Info) -> str | None:
        return (await self.whole(info)).address

    @strawberry.field(description="When the store is open; at most 21 lines. Empty: not told.")
    async def opening_hours(self, info: Info) -> list[OpeningHours]:
        lines = (await self.whole(info)).opening_hours
        return [OpeningHours(weekday=line.weekday, opens=line.opens, closes=line.closes) for line in lines]

    @strawberry.field(
        description="For employees: the name that tills and files use, unique in the brand, up to 64 characters.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def code(self, info: Info) -> str:
        return (await self.whole(info)).code

    @strawberry.field(description="For employees: who runs the store.", extensions=[Requires(EMPLOYEES)])
    async def operator(self, info: Info) -> StoreOperator:
        return (await self.whole(info)).operator

    @strawberry.field(
        description="For employees: the company that runs the store, up to 200 characters.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def legal_entity(self, info: Info) -> str | None:
        return (await self.whole(info)).legal_entity

    @strawberry.field(
        description="For employees: the territory of its franchisee or dealer, up to 200 characters.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def territory(self, info: Info) -> str | None:
        return (await self.whole(info)).territory

    @strawberry.field(description="For employees: the unit that the store hangs on.", extensions=[Requires(EMPLOYEES)])
    async def org_unit(self, info: Info) -> OrgUnit:
        return to_unit((await self.whole(info)).unit)


@strawberry.type(
    description="What anybody may see of a guide. Kept apart from Employee, so that a public page cannot reach "
    "commission or customers."
)
class Guide(Node):
    display_name: str = strawberry.field(description="Up to 30 characters.")
    title: str | None = strawberry.field(description="Up to 30 characters.")
    avatar_url: str | None = strawberry.field(description="Up to 500 characters.")
    store: Store | None = strawberry.field(description="Where the guide works; null for a guide without a store.")


After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: from the start.")
]
First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100.")]


@strawberry.type(
    description="A person who works for the brand, for staff alone. Day, commission, customers, orders, tasks and "
    "messages are for the person, a manager of the branch, headquarters and the owner."
)
class Employee(Node):
    employee_number: str | None = strawberry.field(description="工号, unique in the brand, up to 64 characters.")
    display_name: str = strawberry.field(description="Up to 30 characters.")
    title: str | None = strawberry.field(description="Up to 30 characters.")
    role: Role = strawberry.field(description="Highest right first: OWNER, HEADQUARTERS, MANAGER, GUIDE.")
    functions: list[StaffFunction] = strawberry.field(
        description="What one of headquarters' people or the owner is there for; at most 6, empty for others."
    )
    state: EmployeeState = strawberry.field(description="Whether the person still works here.")
    store: Store | None = strawberry.field(description="The store of the present posting.")
    guide: Guide | None = strawberry.field(description="What customers see of the person; null without a shop.")
    facts: strawberry.Private[EmployeeFacts]

    @strawberry.field(description="The person's virtual shop; null for whoever has none.")
    async def shop(self, info: Info) -> Annotated["Shop", strawberry.lazy("graphql_schema.products.types")] | None:
        from graphql_schema.products.loaders import shop_of_employee  # noqa: PLC0415

        return None if self.facts.shop_id is None else await shop_of_employee(info, self.facts.id)

    @strawberry.field(description="Figures of the business day that is running.", extensions=[OfEmployee()])
    async def today(self, info: Info) -> Annotated["GuideDay", strawberry.lazy("graphql_schema.commission.types")]:
        from graphql_schema.commission.loaders import guide_day  # noqa: PLC0415

        return await guide_day(info, self.facts.id)

    @strawberry.field(description="What was earned, by where the money stands now.", extensions=[OfEmployee()])
    async def commission(
        self, info: Info
    ) -> Annotated["CommissionBalance", strawberry.lazy("graphql_schema.commission.types")]:
        from graphql_schema.commission.loaders import commission_balance  # noqa: PLC0415

        return await commission_balance(info, self.facts.id)

    @strawberry.field(description="Entries of commission, the latest first.", extensions=[OfEmployee()])
    async def commission_entries(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["CommissionEntry", strawberry.lazy("graphql_schema.commission.types")]]:
        from graphql_schema.commission.loaders import commission_entries  # noqa: PLC0415

        return await commission_entries(info, self.facts.id, first, after)

    @strawberry.field(description="A month of commission, from the ledger.", extensions=[OfEmployee()])
    async def commission_statement(
        self, info: Info, month: Annotated[str, strawberry.argument(description="YYYY-MM, such as 2026-11.")]
    ) -> Annotated["CommissionStatement", strawberry.lazy("graphql_schema.commission.withdrawal_types")]:
        from graphql_schema.commission.withdrawal_loaders import commission_statement  # noqa: PLC0415

        return await commission_statement(info, self.facts.id, month)

    @strawberry.field(
        description="What the person asked to be paid out, the latest first: for the person, finance and the owner.",
        extensions=[OfEmployeeAndFinance()],
    )
    async def withdrawals(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["Withdrawal", strawberry.lazy("graphql_schema.commission.withdrawal_types")]]:
        from graphql_schema.commission.withdrawal_loaders import withdrawal_connection  # noqa: PLC0415

        return await withdrawal_connection(info, first, after, scope="employee_withdrawals", employee_id=self.facts.id)

    @strawberry.field(description="Customers bound to the person, the latest bound first.", extensions=[OfEmployee()])
    async def customers(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Part of the name, or the phone's last four digits; up to 60 characters."),
        ] = None,
    ) -> Connection[Annotated["Customer", strawberry.lazy("graphql_schema.customers.types")]]:
        from graphql_schema.customers.loaders import employee_customers  # noqa: PLC0415

        return await employee_customers(info, self.facts.id, first, after, search)

    @strawberry.field(description="Orders attributed to the person, the latest first.", extensions=[OfEmployee()])
    async def orders(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["Order", strawberry.lazy("graphql_schema.trade.types")]]:
        from graphql_schema.trade.loaders import employee_orders  # noqa: PLC0415

        return await employee_orders(info, self.facts.id, first, after)

    @strawberry.field(
        description="Training tasks given to the person, the nearest deadline first.", extensions=[OfEmployee()]
    )
    async def training_assignments(
        self,
        first: First = 20,
        after: After = None,
        states: Annotated[
            list[TrainingState] | None, strawberry.argument(description="Only in one of these states; null: in any.")
        ] = None,
    ) -> Connection[TrainingAssignment]:
        return training.no_assignments(first, after)

    @strawberry.field(description="Materials that the person shared, the latest first.", extensions=[OfEmployee()])
    async def shares(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["Share", strawberry.lazy("graphql_schema.marketing.toolbox_types")]]:
        from graphql_schema.marketing.toolbox_loaders import share_connection  # noqa: PLC0415

        return await share_connection(info, self.facts.id, first, after)

    @strawberry.field(description="Messages to the person, the latest first.", extensions=[OfEmployee()])
    async def inbox(self, first: First = 20, after: After = None) -> InboxMessageConnection:
        return training.no_messages(first, after)


@strawberry.type(description="Who is signed in.")
class Viewer:
    brand: Brand = strawberry.field(description="The brand signed in to.")
    customer: Annotated["Customer", strawberry.lazy("graphql_schema.customers.types")] | None = strawberry.field(
        description="The customer, where one is signed in."
    )
    employee: Employee | None = strawberry.field(description="The employee, where one is signed in.")


@strawberry.type(description="The keys of a sign-in. Keep the refresh token safe: whoever uses it twice is signed out.")
class Session:
    access_token: str = strawberry.field(description="For `Authorization: Bearer …`; valid for 15 minutes.")
    refresh_token: str = strawberry.field(description="Good for one SessionRefresh within 30 days; 43 characters.")
    expires_at: datetime = strawberry.field(description="When the access token ends.")


def to_brand(brand: db.Brand) -> Brand:
    return Brand(
        id=encode_global_id("Brand", brand.id),
        code=brand.code,
        name=brand.name,
        currency=CurrencyCode(brand.currency),
        time_zone=brand.time_zone,
    )


def to_unit(facts: UnitFacts) -> OrgUnit:
    return OrgUnit(
        id=encode_global_id("OrgUnit", facts.id), code=facts.code, name=facts.name, kind=facts.kind, facts=facts
    )


def to_store(store_id: UUID, *, name: str, city: str | None, facts: StoreFacts | None = None) -> Store:
    """A store of which at least name and city are known; the rest is read when somebody asks for it."""
    return Store(id=encode_global_id("Store", store_id), name=name, city=city, store_id=store_id, facts=facts)


def store_from(facts: StoreFacts) -> Store:
    return to_store(facts.id, name=facts.name, city=facts.city, facts=facts)


def store_of_facts(facts: StoreFacts | None) -> Store | None:
    return None if facts is None else store_from(facts)


def to_guide(
    employee_id: UUID, *, display_name: str, title: str | None, avatar_url: str | None, store: Store | None
) -> Guide:
    """A guide from what a page has read anyway; `loaders.guide_of` reads one by id."""
    return Guide(
        id=encode_global_id("Guide", employee_id),
        display_name=display_name,
        title=title,
        avatar_url=avatar_url,
        store=store,
    )


def guide_of_facts(facts: EmployeeFacts) -> Guide:
    return to_guide(
        facts.id,
        display_name=facts.display_name,
        title=facts.title,
        avatar_url=facts.avatar_url,
        store=store_of_facts(facts.store),
    )


def to_employee(facts: EmployeeFacts) -> Employee:
    return Employee(
        id=encode_global_id("Employee", facts.id),
        employee_number=facts.employee_number,
        display_name=facts.display_name,
        title=facts.title,
        role=facts.role,
        functions=list(facts.functions),
        state=facts.state,
        store=store_of_facts(facts.store),
        guide=None if facts.shop_id is None else guide_of_facts(facts),
        facts=facts,
    )


def to_session(tokens: SessionTokens) -> Session:
    return Session(access_token=tokens.access_token, refresh_token=tokens.refresh_token, expires_at=tokens.expires_at)
