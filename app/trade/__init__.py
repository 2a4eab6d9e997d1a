"""Trade (成交): orders, payments, fulfilment, refunds, and the callbacks of payment providers.

Nouns: quote, quotation with lines, order with lines and moves, shipment, pickup, receipt, payment, refund, callback.
Events: OrderPaid, OrderCancelled, OrderReadyForPickup, RefundRequested.
May call: training and everything above, the API, pages, jobs and importers. Calls: commission, marketing, customers,
products, platform.
"""
