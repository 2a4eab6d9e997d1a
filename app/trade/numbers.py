"""Numbers made at random, so that they say nothing of time or turnover."""

import base64
import os

from app.trade import rules


def random_order_number() -> str:
    """Twelve digits for people, the last one a check digit."""
    return rules.order_number(os.urandom(8))


def random_number() -> str:
    """24 letters and digits that nobody can guess: a provider knows a payment or a refund by them."""
    return base64.b32encode(os.urandom(15)).decode().lower()
