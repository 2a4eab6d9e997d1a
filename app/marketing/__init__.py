"""Marketing online (营销在线): personal codes, what a scan of one does, and the onboarding of those who sell.

Nouns: code with its token, target and picture. Events: none of its own; a scan may emit the customers' CustomerBound.
May call: commission, trade and everything above. Calls: customers, products, employees, platform.
"""
