"""Intake: the only way into the engine. Opens orders, takes recipients in, seals, holds, releases, cancels.

Owns no tables: what it decides is written by the ledger. Campaigns, test sends and calls by API come here.
"""
