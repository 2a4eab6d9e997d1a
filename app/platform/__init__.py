"""Ground under every online: settings, database, ids, money, outbox, jobs, tokens, personal data, integrations.

Who may call: everybody. Imports nothing from the other packages.
"""
