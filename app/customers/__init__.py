"""Customers online (客户在线): who a customer is, every touchpoint, and the one live binding to a guide and a store.

Nouns: customer, visitor, consent, touchpoint, binding with its head, and the terms of the attribution policy that
bindings follow. Event: CustomerBound. May call: marketing, commission, trade and everything above. Calls:
products, employees, platform.
"""
