"""The embedded ledger, in one SQLite file: one server writes, and commits in groups."""
