"""Numbers made at random, so that they say nothing of time or turnover."""

import os

from app.platform.ids import random_number as random_number
from app.trade import rules


def random_order_number() -> str:
    """Twelve digits for people, the last one a check digit."""
    return rules.order_number(os.urandom(8))
