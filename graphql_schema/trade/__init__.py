"""Trade in the schema: quotes, orders with their lines, payments."""
