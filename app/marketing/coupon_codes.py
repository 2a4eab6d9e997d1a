"""Codes of coupons: what a customer shows in a store."""

import secrets

DIGITS = 16


def new_code() -> str:
    """Sixteen random digits: too many to guess, few enough to type, and not twice in a brand."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
