"""The invariants of every online, checked on live data by `python -m app verify`."""
