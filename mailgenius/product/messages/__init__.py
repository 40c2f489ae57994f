"""Messages by API: one or many to named people, each with values of its own, at once or at a time.

Owns no tables: an order of the engine stands open for each make of message (intake/standing.py), and the
ledger holds the messages. Publishes nothing.
"""
