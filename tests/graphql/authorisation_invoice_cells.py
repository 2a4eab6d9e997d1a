"""The rows of root fields over freight and invoices, in the shape of `authorisation_cells.Row`."""

ROOTS: list[tuple[str, str, str, tuple[str | int, ...], str]] = [
    ("Query.freightTemplate", "", "{ freightTemplate { id } }", ("freightTemplate",), "U U F F F F F F F O O -"),
    (
        "Query.freightTemplates",
        "",
        "{ freightTemplates(first: 1) { edges { node { id } } } }",
        ("freightTemplates", "edges"),
        "U U F F F F F F F 1 1 0",
    ),
    (
        "Query.freightQuote",
        "",
        '{ freightQuote(input: {province: "上海", amountMinor: 1}) { freight { minor } } }',
        ("freightQuote",),
        "U U F F F F F F F O O O",
    ),
    (
        "Query.invoices",
        "",
        "{ invoices(first: 1) { edges { node { id } } } }",
        ("invoices", "edges"),
        "U U F F F F F F F F 1 0",
    ),
    ("Query.invoiceTerms", "", "{ invoiceTerms { taxRateBp } }", ("invoiceTerms",), "U U F F F F F F F F O O"),
]

NODES = {
    "invoice": "           U U O N N N N N N N O N",
    "freight_template": "  U U N N N N N N N O O N",
}
