"""Commission (佣金): attribution, plans, the ledger, what guides earn. Called by trade with plain facts."""
