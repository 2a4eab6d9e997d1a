"""Employees online in the schema: brand, units, stores, guides, employees, and the root fields over them."""
