"""The expected table of reads, written by hand: fields and nodes × callers, in the columns of `stage.CALLERS`.

O yes · a number: so many rows · - null in an object that is seen · N no such thing for this caller · E yes, and the
caller's own brand answers · U UNAUTHENTICATED · F FORBIDDEN · B BAD_USER_INPUT (another brand's address)
"""

from typing import Any, NamedTuple

from tests.graphql import authorisation_invoice_cells as invoices


class Row(NamedTuple):
    """What a query gives each caller. `$id` is the global id of `about`; the answer is found by `leaf`."""

    field: str
    about: str
    query: str
    leaf: tuple[str | int, ...]
    outcomes: str
    value: Any = None
    """What every caller with O reads; None: not compared."""


def of_node(
    field: str, about: str, select: str, outcomes: str, *, value: Any = None, leaf: str = "", on: str = ""
) -> Row:
    """A field of the object that `about` names, by its global id.

    `leaf`: the path below the object, if not one name; `on`: the object's type, if the field is of one below it.
    """
    type_name = on or field.partition(".")[0]
    query = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on {type_name} {{ {select} }} }} }}"
    below = leaf.split() or [field.partition(".")[2]]
    return Row(field, about, query, ("node", *below), outcomes, value)


def of_shop(field: str, select: str, leaf: tuple[str | int, ...], outcomes: str) -> Row:
    """A field that the public page of the guide's shop leads to."""
    return Row(field, "", f"query ($slug: String!) {{ shop(slug: $slug) {{ {select} }} }}", ("shop", *leaf), outcomes)


def of_root(field: str, query: str, outcomes: str) -> Row:
    return Row(field, "", query, (field.partition(".")[2],), outcomes)


#                     anonymous visitor customer other_customer guide colleague guide_elsewhere
#                     manager manager_elsewhere headquarters owner owner_of_other_brand
FOR_EMPLOYEES = "      U U F F O O O O O O O B"
OF_THE_GUIDE = "       U U N N O N N O N O O N"
OF_THE_CUSTOMER = "    U U O N O N N O N O O N"
OF_A_CUSTOMER_SOLD_TO = "U U N O N N F N F O O N"

QUOTE = (
    "query ($slug: String!, $sku: ID!) { orderQuote(input: {shopSlug: $slug, lines: [{skuId: $sku, quantity: 1}]}) "
    "{ total { minor } lines { sku { id } } } }"
)

PICKUP_STORES = (
    "query ($slug: String!, $sku: ID!) { pickupStores(input: {shopSlug: $slug, lines: [{skuId: $sku, quantity: 1}]}) "
    "{ store { id } hasAll } }"
)

ROOTS = [
    of_root("Query.viewer", "{ viewer { brand { id } employee { id } customer { id } } }", "U U O O O O O O O O O E"),
    of_root("Query.shop", "query ($slug: String!) { shop(slug: $slug) { id } }", "O O O O O O O O O O O B"),
    of_root("Query.orderQuote", QUOTE, "O O O O O O O O O O O B"),
    of_root(
        "Query.dashboard",
        "{ dashboard(input: {preset: TODAY}) { sales { orders } teams: breakdown(by: ORG_UNIT) { rows { key } } } }",
        "U U F F F F F O O O O O",
    ),
    of_root("Query.orders", "{ orders { totalCount edges { node { id } } } }", "U U F F F F F 3 2 5 5 0"),
    of_root("Query.pickups", "{ pickups { totalCount edges { node { id } } } }", "U U F F 1 1 0 1 0 1 1 0"),
    of_root("Query.ordersToShip", "{ ordersToShip { totalCount edges { node { id } } } }", "U U F F 0 0 0 0 0 2 2 0"),
    of_root("Query.pickupStores", PICKUP_STORES, "2 2 2 2 2 2 2 2 2 2 2 B"),
    of_root("Query.locations", "{ locations { id } }", "U U F F F F F 1 1 3 3 1"),
    of_root(
        "Query.stockTransfers", "{ stockTransfers { totalCount edges { node { id } } } }", "U U F F F F F 1 1 1 1 0"
    ),
    of_root("Query.hotProducts", "{ hotProducts(input: {preset: TODAY}) { productCount } }", "U U F F F F F O O O O O"),
    of_root("Query.products", "{ products { totalCount edges { node { id } } } }", "U U F F 3 3 3 3 3 3 3 0"),
    of_root("Query.priceLists", "{ priceLists { totalCount edges { node { id } } } }", "U U F F F F F F F 1 1 0"),
    of_root("Query.stores", "{ stores { totalCount edges { node { id } } } }", "U U F F 2 2 2 2 2 2 2 0"),
    of_root("Query.orgUnits", "{ orgUnits { totalCount edges { node { id } } } }", "U U F F F F F 1 1 3 3 1"),
    of_root("Query.employees", "{ employees { totalCount edges { node { id } } } }", "U U F F F F F 3 2 7 7 1"),
    of_root("Query.attributionPolicy", "{ attributionPolicy { id } }", "U U F F O O O O O O O E"),
    of_root("Query.afterSales", "{ afterSales { totalCount edges { node { id } } } }", "U U F F F F F 1 0 1 1 0"),
    of_root("Query.withdrawals", "{ withdrawals { totalCount edges { node { id } } } }", "U U F F F F F F F F 1 0"),
    of_root(
        "Query.posterTemplates", "{ posterTemplates { totalCount edges { node { id } } } }", "U U F F 3 3 3 3 3 3 3 3"
    ),
    of_root("Query.posters", "{ posters { totalCount edges { node { id } } } }", "U U F F 1 0 0 0 0 F F F"),
    of_root("Query.materials", "{ materials { totalCount edges { node { id } } } }", "U U F F 2 2 1 1 1 2 2 0"),
    *[Row(*row) for row in invoices.ROOTS],
    # Other rows may have made more of them by now; one is enough.
    Row(
        "Query.couponTemplates",
        "",
        "{ couponTemplates(first: 1) { edges { node { id } } } }",
        ("couponTemplates", "edges"),
        "U U 1 1 1 1 1 1 1 1 1 0",
    ),
    Row(
        "Query.couponFigures",
        "template",
        "query ($id: ID!) { couponFigures(couponTemplateId: $id, by: GUIDE) { key claimed } }",
        ("couponFigures",),
        "U U F F F F F 1 0 1 1 0",
    ),
    of_root("Query.quotations", "{ quotations { totalCount edges { node { id } } } }", "U U F F 1 0 0 1 0 1 1 0"),
    of_root(
        "Query.quotation", "query ($token: String!) { quotation(token: $token) { id } }", "- - O - - - - - - - - B"
    ),
    of_root("Query.subscriptionsLeft", "{ subscriptionsLeft }", "U U O O F F F F F F F F"),
    Row(
        "Query.careTasks",
        "",
        "{ careTasks(first: 1) { edges { node { id } } } }",
        ("careTasks", "edges"),
        "U U F F 1 0 0 1 0 1 1 0",
    ),
    of_root("Query.outboundRules", "{ outboundRules { channel } }", "U U F F 5 5 5 5 5 5 5 5"),
    # Other rows may have made some by now; who may read them counts.
    of_root("Query.shelfRules", "{ shelfRules { pageInfo { hasNextPage } } }", "U U F F F F F F F O O O"),
    of_root("Query.redeemable", '{ redeemable(code: "1") { __typename } }', "U U F F O O O O O F O O"),
    of_root("Query.commissionPlan", "{ commissionPlan { id } }", "U U F F O O O O O O O E"),
]

_CUSTOMER_FIELDS = {
    "phoneMasked": "phoneMasked",
    "guide": "guide { id }",
    "binding": "binding { id state }",
    "lastTouchAt": "lastTouchAt",
    "tags": "tags { id }",
    "orderCount": "orderCount",
    "netSales": "netSales { minor }",
    "orders": "orders { totalCount }",
    "coupons": "coupons { totalCount }",
    "outboundMessages": "outboundMessages { totalCount }",
    "maySend": "maySend(channel: WECOM, kind: CARE) { state }",
}

FIELDS = [
    # The guide's own, by the guide's employee.
    of_node(
        "Employee.today",
        "guide",
        "today { visits newCustomers orders netSales { minor } commission { minor } }",
        OF_THE_GUIDE,
        value={
            "visits": 2,
            "newCustomers": 1,
            "orders": 1,
            "netSales": {"minor": 12_900},
            "commission": {"minor": 1_290},
        },
    ),
    of_node(
        "Employee.commission",
        "guide",
        "commission { estimated { minor } held { minor } payable { minor } paid { minor } debt { minor } }",
        OF_THE_GUIDE,
        value={
            "estimated": {"minor": 1_290},
            "held": {"minor": 1_290},
            **{account: {"minor": 0} for account in ("payable", "paid", "debt")},
        },
    ),
    of_node("Employee.commissionEntries", "guide", "commissionEntries { totalCount }", "U U N N 2 N N 2 N 2 2 N"),
    of_node(
        "Employee.commissionStatement",
        "guide",
        'commissionStatement(month: "2000-01") { closing { total { minor } } earned { minor } }',
        OF_THE_GUIDE,
        value={"closing": {"total": {"minor": 0}}, "earned": {"minor": 0}},
    ),
    of_node("Employee.withdrawals", "guide", "withdrawals { totalCount }", "U U N N 0 N N F N F 0 N"),
    of_node("Employee.withdrawals", "manager", "withdrawals { totalCount }", "U U N N N N N 1 N F 1 N"),
    of_node("Employee.customers", "guide", "customers { totalCount }", "U U N N 1 N N 1 N 1 1 N"),
    of_node("Employee.orders", "guide", "orders { totalCount }", "U U N N 2 N N 2 N 2 2 N"),
    of_node("Employee.trainingAssignments", "guide", "trainingAssignments { totalCount }", "U U N N 0 N N 0 N 0 0 N"),
    of_node("Employee.shares", "guide", "shares { totalCount }", "U U N N 1 N N 1 N 1 1 N"),
    of_node("Employee.inbox", "guide", "inbox { totalCount }", "U U N N 0 N N 0 N 0 0 N"),
    # A manager's own: nobody above asks for more than headquarters, and guides below see nothing.
    of_node("Employee.commission", "manager", "commission { held { minor } }", "U U N N N N N O N O O N"),
    of_node("Employee.inbox", "owner", "inbox { totalCount }", "U U N N N N N N N 0 0 N"),
    # The customer, by id.
    of_node("Customer.guide", "customer", "guide { displayName }", OF_THE_CUSTOMER, value={"displayName": "甲guide"}),
    of_node("Customer.binding", "customer", "binding { state }", OF_THE_CUSTOMER, value={"state": "ACTIVE_PROTECTED"}),
    of_node("Customer.orderCount", "customer", "orderCount", OF_THE_CUSTOMER, value=1),
    of_node("Customer.netSales", "customer", "netSales { minor }", OF_THE_CUSTOMER, value={"minor": 12_900}),
    of_node("Customer.phoneMasked", "customer", "phoneMasked", OF_THE_CUSTOMER),
    of_node("Customer.lastTouchAt", "customer", "lastTouchAt", OF_THE_CUSTOMER),
    of_node("Customer.tags", "customer", "tags { id }", "U U 0 N 0 N N 0 N 0 0 N"),
    of_node("Customer.orders", "customer", "orders { totalCount }", "U U 2 N 2 N N 2 N 2 2 N"),
    of_node("Customer.outboundMessages", "customer", "outboundMessages { totalCount }", "U U 1 N 1 N N 1 N 1 1 N"),
    of_node(
        "Customer.maySend",
        "customer",
        "maySend(channel: WECOM, kind: CARE) { state reason }",
        OF_THE_CUSTOMER,
        value={"state": "REFUSED", "reason": "NO_CONSENT"},
    ),
    of_node("Customer.coupons", "customer", "coupons { totalCount }", "U U 1 N 1 N N 1 N 1 1 N"),
    *(
        of_node(f"CouponTemplate.{name}", "template", name, "U U F F O O O O O O O N", value=count)
        for name, count in (("issuedCount", 1), ("claimedCount", 1), ("usedCount", 0), ("careScript", "您好"))
    ),
    of_node("Coupon.code", "coupon", "code", "U U O N F N N F N F F N"),
    # The same of a customer whom a guide sold to and does not serve: the order shows a masked name, no more.
    of_node(
        "Order.customer",
        "loose",
        "customer { displayName }",
        "U U N O N N O N O O O N",
        value={"displayName": "甲**"},
    ),
    *(
        of_node(
            "Order.customer",
            "loose",
            f"customer {{ {select} }}",
            OF_A_CUSTOMER_SOLD_TO,
        )
        for select in _CUSTOMER_FIELDS.values()
    ),
    # An order of the guide's, and one that the guide elsewhere lost.
    # Somebody of the same store sees what is to be sent, and not who bought it.
    of_node("Order.customer", "order", "customer { id }", "U U O N O - N O N O O N"),
    of_node("Order.guide", "order", "guide { displayName }", "U U O N O O N O N O O N"),
    of_node("Quotation.issuedCode", "quotation", "issuedCode { token }", "U U F N O N N O N O O N"),
    of_node("Order.shop", "order", "shop { slug }", "U U O N O - N O N O O N"),
    of_node("Order.allowedActions", "order", "allowedActions", "U U 1 N 1 1 N 1 N 3 3 N"),
    of_node("Order.stockPlace", "order", "stockPlace", "U U F N O O N O N O O N"),
    of_node("Order.isStranded", "order", "isStranded", "U U F N O O N O N O O N"),
    # Sold in the west, ready in the east: its people hand it over, and learn nothing of the sale.
    of_node("Order.customer", "fetched", "customer { displayName }", "U U N O O O O O O O O N"),
    of_node("Order.guide", "fetched", "guide { displayName }", "U U N O - - O - O O O N"),
    of_node("Order.shop", "fetched", "shop { slug }", "U U N O - - O - O O O N"),
    of_node("Order.pickupCode", "fetched", "pickupCode", "U U N O - - - - - - - N"),
    of_node("Order.pickupCode", "order", "pickupCode", "U U - N - - N - N - - N"),
    of_node("Order.allowedActions", "fetched", "allowedActions", "U U N 1 1 1 0 1 0 0 1 N"),
    of_node("Order.attribution", "fetched", "attribution { rule }", "U U N F O O O O O O O N"),
    of_node(
        "Attribution.shares",
        "fetched",
        "attribution { shares { role } }",
        "U U N F 0 0 1 0 2 2 2 N",
        leaf="attribution shares",
        on="Order",
    ),
    of_node("Order.customer", "contested", "customer { id }", "U U O N O N - O N O O N"),
    of_node("Order.guide", "contested", "guide { displayName }", "U U O N O N - O N O O N"),
    of_node("Order.shop", "contested", "shop { slug }", "U U O N O N - O N O O N"),
    of_node("Order.allowedActions", "contested", "allowedActions", "U U 2 N 0 N 0 0 N 0 0 N"),
    # Nobody sends what may not be wanted any more.
    of_node("Order.allowedActions", "unwanted", "allowedActions", "U U N 0 0 0 N 0 N 0 0 N"),
    of_node("Order.afterSales", "unwanted", "afterSales { id }", "U U N 1 0 1 N 1 N 1 1 N"),
    of_node("Order.afterSales", "contested", "afterSales { id }", "U U 0 N 0 N 0 0 N 0 0 N"),
    of_node("Order.invoice", "order", "invoice { id }", "U U O N - - N - N - O N"),
    of_node("Invoice.allowedActions", "invoice", "allowedActions", "U U 1 N N N N N N N 2 N"),
    of_node("AfterSale.allowedActions", "after_sale", "allowedActions", "U U N 1 N 0 N 1 N 0 1 N"),
    of_node("Order.deliveryAddress", "order", "deliveryAddress { street }", "U U O N O O N O N O O N"),
    of_node("Order.deliveryAddress", "contested", "deliveryAddress { street }", "U U O N - N - - N - - N"),
    of_node("Order.attribution", "order", "attribution { rule policyVersion explanation }", "U U F N O O N O N O O N"),
    of_node("Order.attribution", "contested", "attribution { rule }", "U U F N O N O O N O O N"),
    of_node(
        "Attribution.candidates",
        "contested",
        "attribution { candidates { outcome } }",
        "U U F N 1 N 1 1 N 2 2 N",
        leaf="attribution candidates",
        on="Order",
    ),
    of_node(
        "Attribution.shares",
        "contested",
        "attribution { shares { role } }",
        "U U F N 1 N 0 2 N 2 2 N",
        leaf="attribution shares",
        on="Order",
    ),
    of_node(
        "Attribution.myOutcome",
        "contested",
        "attribution { myOutcome }",
        "U U F N O N O - N - - N",
        leaf="attribution myOutcome",
        on="Order",
    ),
    of_node(
        "Attribution.myReason",
        "contested",
        "attribution { myReason }",
        "U U F N O N O - N - - N",
        leaf="attribution myReason",
        on="Order",
    ),
    of_node("OrderLine.shares", "line", "shares { role }", "U U F N 1 0 N 2 N 2 2 N"),
    # The toolbox, and what became of a share.
    of_node("Material.script", "material", "script", "U U N N O O O O O O O N", value="{customer}，{link}"),
    of_node("Material.audience", "material", "audience { roles }", "U U N N F F F F F O O N", value={"roles": []}),
    Row(
        "ShareOpener.customer",
        "share",
        "query ($id: ID!) { node(id: $id) { ... on Share { openers { customer { displayName } } } } }",
        ("node", "openers", 0, "customer"),
        OF_THE_GUIDE,
        {"displayName": "甲**"},
    ),
    # What a public page leads to.
    of_shop("Store.code", "guide { store { code } }", ("guide", "store", "code"), FOR_EMPLOYEES),
    of_shop("Store.operator", "guide { store { operator } }", ("guide", "store", "operator"), FOR_EMPLOYEES),
    of_shop("Store.legalEntity", "guide { store { legalEntity } }", ("guide", "store", "legalEntity"), FOR_EMPLOYEES),
    of_shop("Store.territory", "guide { store { territory } }", ("guide", "store", "territory"), FOR_EMPLOYEES),
    of_shop("Store.orgUnit", "guide { store { orgUnit { id } } }", ("guide", "store", "orgUnit"), FOR_EMPLOYEES),
    of_shop(
        "OrgUnit.parent",
        "guide { store { orgUnit { parent { id } } } }",
        ("guide", "store", "orgUnit", "parent"),
        "U U F F - - - - - O O B",
    ),
    of_node("OrgUnit.parent", "east", "parent { id }", "U U N N N N N - N O O N"),
    of_shop(
        "Sku.stock",
        "shelf { edges { node { product { skus { stock } } } } }",
        ("shelf", "edges", 0, "node", "product", "skus", 0, "stock"),
        FOR_EMPLOYEES,
    ),
    of_shop(
        "ShelfItem.ownWords",
        "shelf { edges { node { ownWords { words } } } }",
        ("shelf", "edges", 0, "node", "ownWords"),
        FOR_EMPLOYEES,
    ),
    of_node("Sku.stock", "sku", "stock", "U U F F O O O O O O O N"),
    of_node("Sku.stockLevels", "sku", "stockLevels { onHand }", "U U F F 3 3 3 3 3 3 3 N"),
    of_shop("Shop.shelf", "shelf { totalCount }", ("shelf",), "1 1 1 1 1 1 1 1 1 1 1 B"),
    of_shop("Shop.shelf", "shelf(includeHidden: true) { totalCount }", ("shelf",), "U U F F 2 F F F F F F B"),
]

NODES = {
    "care_task": "U U N N O N N O N O O N",
    **invoices.NODES,
    "brand": "             U U O O O O O O O O O N",
    "root": "              U U N N N N N N N O O N",
    "east": "              U U N N N N N O N O O N",
    "transfer": "          U U N N N N N O O O O N",
    "east_location": "     U U N N N N N O N O O N",
    "east_store": "        U U O O O O O O O O O N",
    "public_guide": "      U U O O O O O O O O O N",
    "guide": "             U U N N O N N O N O O N",
    "manager": "           U U N N N N N O N O O N",
    "manager_elsewhere": " U U N N N N N N O O O N",
    "headquarters": "      U U N N N N N N N O O N",
    "owner": "             U U N N N N N N N O O N",
    "customer": "          U U O N O N N O N O O N",
    "other_customer": "    U U N O N N N N N O O N",
    "binding": "           U U O N O N N O N O O N",
    "touch": "             U U O N O N N O N O O N",
    "touch_elsewhere": "   U U O N O N O O O O O N",
    "touch_of_visitor": "  U U N N O N N O N O O N",
    "shop_of_guide": "     U U O O O O O O O O O N",
    "item": "              U U O O O O O O O O O N",
    "hidden_item": "       U U N N O N N N N N N N",
    "withdrawn_item": "    U U N N N N N N N N N N",
    "product": "           U U O O O O O O O O O N",
    "hidden": "            U U O O O O O O O O O N",
    "withdrawn": "         U U N N O O O O O O O N",
    "sku": "               U U O O O O O O O O O N",
    "withdrawn_sku": "     U U N N O O O O O O O N",
    "price_list": "        U U N N N N N N N O O N",
    "category": "          U U O O O O O O O O O N",
    "code_of_guide": "     U U N N O N N O N O O N",
    "code_of_store": "     U U N N O O N O N O O N",
    "order": "             U U O N O O N O N O O N",
    "line": "              U U O N O O N O N O O N",
    "after_sale": "        U U N O N O N O N O O N",
    "fetched": "           U U N O O O O O O O O N",
    "contested": "         U U O N O N O O N O O N",
    "loose": "             U U N O N N O N O O O N",
    "payment": "           U U O N N N N N N N N N",
    "entry": "             U U N N O N N O N O O N",
    "entry_of_store": "    U U N N N N N O N O O N",
    "withdrawal": "        U U N N N N N O N N O N",
    "poster_template": "   U U N N O O O O O O O N",
    "poster": "            U U N N O N N N N O O N",
    "poster_batch": "      U U N N N N N N N O O N",
    "template": "          U U O O O O O O O O O N",
    "coupon": "            U U O N O N N O N O O N",
    "quotation": "         U U O N O N N O N O O N",
    "message": "           U U O N O N N O N O O N",
    "policy": "            U U N N O O O O O O O N",
    "plan": "              U U N N O O O O O O O N",
    "material": "          U U N N O O O O O O O N",
    "material_of_east": "  U U N N O O N N N O O N",
    "withdrawn_material": "U U N N N N N N N O O N",
    "share": "             U U N N O N N O N O O N",
}
"""Who finds what by its global id, with every public field of its type."""
