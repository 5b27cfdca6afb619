"""An operator at a terminal: looks calls up, settles unknown outcomes, pauses dialing, looks after the ledger.

Everything here opens the ledger beside the servers that serve from it, and nothing here sends anything.
"""
