"""Intake: the only way into the engine. Opens orders, takes recipients in, seals, holds, releases, cancels.

Owns standing_orders; all else that it decides is written by the ledger. Campaigns, test sends and messages by
API come here.
"""
