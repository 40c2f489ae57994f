"""Feedback: what follows when an address is dead or a recipient complains or replies, whoever tells it.

The engine tells it of what providers answered, and operators and providers of what came later. Owns no
tables: the ledger keeps what was told. Publishes AddressesStopped.
"""
