"""Commission (佣金): who wins a sale and why, what each party earns on it, and the ledger that the money stands on.

Nouns: policy, plan with its rules, sale with candidates, lines and shares, commission entry, transfer, payee,
withdrawal, statement. Events: CommissionHeld, CommissionReversed, LedgerMoved, WithdrawalApproved.
May call: trade and everything above, with plain facts. Calls: marketing, customers, products, employees, platform.
"""
