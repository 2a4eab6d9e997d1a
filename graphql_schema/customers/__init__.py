"""Customers online in the schema: signing in, customers, visitors' touchpoints and bindings."""
