"""Marketing online (营销在线): personal codes, what a scan of one does, coupons, and the onboarding of those who sell.

Nouns: code with its token, target and picture; coupon template, coupon with its limit and trail. Events: CouponClaimed,
CouponUnused; a scan may emit the customers' CustomerBound.
May call: commission, trade and everything above. Calls: customers, products, employees, platform.
"""
