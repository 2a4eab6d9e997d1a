"""Commission in the schema: rules in force and their publication, whose an order is and why, balances, pulses."""
