"""`python -m scripts.bench [storefront|orders|boss]`: figures beside their limits, on servers of its own."""

import sys

from scripts.bench import boss, orders, storefront
from scripts.bench.site import open_site

PARTS = {"storefront": storefront.measure, "orders": orders.measure, "boss": boss.measure}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    with open_site() as site:
        for name in wanted:
            PARTS[name](site)


if __name__ == "__main__":
    main()
