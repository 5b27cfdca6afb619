"""The shared ledger, in PostgreSQL: any number of replicas write, each in batches."""
