"""Where calls are recorded, durably, before a byte leaves: the promise that one request_id never rings twice.

`transitions.py` is the promise as pure functions over one `Record`; `ledger.py` applies them through a `Store`; the
stores, one in `sqlite/` and one in `postgresql/`, only read, compare and write.
"""
