"""Marketing online (营销在线): personal codes and what a scan does, onboarding of those who sell, the toolbox.

Nouns: code with its token, target and picture; material with its versions and audience; share with its openings and
readings. Events: none of its own; a scan may emit the customers' CustomerBound.
May call: commission, trade and everything above. Calls: customers, products, employees, platform.
"""
