"""Products online (产品在线): what the brand sells, how much of it there is, and the shelves that show it.

Nouns: category, product, SKU, stock with its movements and reservations, shop, shelf. A published product is on every
guide's shelf without a row; a row stands only where a guide changed something. Emits no events: pages tell a change by
their version. May call: customers and everything above. Calls: employees (reads), platform.
"""
