"""Ground under every online: settings, database, brands, ids, money, outbox, jobs, sign-in tokens, personal data, integrations.

Who may call: everybody. Imports nothing from the other packages.
"""
