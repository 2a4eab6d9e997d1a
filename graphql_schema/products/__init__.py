"""Products online in the schema: shops, their shelves, products, SKUs, categories, and the root fields over them."""
