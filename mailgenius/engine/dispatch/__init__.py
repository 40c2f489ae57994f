"""Dispatch: the loop that moves messages. Claim, pace, open a window, gate, compose, hand over, settle.

Owns no tables. Each step is a short transaction of its own through the ledger; nothing is held while a
provider is spoken to. docs/decisions/0003-delivery-protocol.md tells the protocol.
"""
