"""Marketing online (营销在线): personal codes and what a scan does, coupons, the toolbox, onboarding of those who sell.

Nouns: code with its token, target and picture; coupon template, coupon with its limit and trail; material with its
versions and audience; share with its openings and readings. Events: CouponClaimed, CouponUnused; a scan may emit the
customers' CustomerBound.
May call: commission, trade and everything above. Calls: customers, products, employees, platform.
"""
