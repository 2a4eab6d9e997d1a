"""Training online in the schema: the types that a guide's home names; lists are empty until tasks are published."""
