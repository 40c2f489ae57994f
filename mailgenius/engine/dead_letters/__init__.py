"""Dead letters: messages that came to an end without success, for people to explain, replay or discard.

Owns dead_letter_runs and dead_letter_acts. What a dead letter is stands in the ledger: an attempt that ended
its message as rejected, unknown or expired and that nobody has closed. Publishes nothing.
"""
