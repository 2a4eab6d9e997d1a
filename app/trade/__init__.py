"""Trade (成交): orders, payments, refunds. Called by the API, pages, jobs and importers."""
