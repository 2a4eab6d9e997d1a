"""`python -m scripts.bench [NAME ...]`: figures beside their limits. The names: see PARTS and LONG.

On servers of its own. Without names: everything but `set-wise-all`, which takes long.
"""

import sys

from scripts.bench import boss, freshness, orders, pages, paint, posters, set_wise, storefront
from scripts.bench.site import open_site

PARTS = {
    "storefront": storefront.measure,
    "pages": pages.measure,
    "paint": paint.measure,
    "orders": orders.measure,
    "boss": boss.measure,
    "freshness": freshness.measure,
    "posters": posters.measure,
    "set-wise": set_wise.measure,
}
LONG = {"set-wise-all": set_wise.measure_all}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    known = PARTS | LONG
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    with open_site() as site:
        for name in wanted:
            known[name](site)


if __name__ == "__main__":
    main()
