"""Trade in the schema: quotes, quotations, orders with their lines, payments."""
