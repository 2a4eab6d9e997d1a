"""Trade (成交): orders, payments, refunds, and the callbacks of payment providers.

Nouns: quote, order with lines and moves, payment, refund, callback. Events: OrderPaid, OrderCancelled, RefundRequested.
May call: training and everything above, the API, pages, jobs and importers. Calls: commission, marketing, customers,
products, platform.
"""
