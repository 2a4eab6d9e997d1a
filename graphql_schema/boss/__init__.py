"""Boss online in the schema: the dashboard of a period and a branch, and sales as they happen."""
