"""Consents: on which legal basis each lead is written to on each channel, as a ledger and its latest state.

Owns the tables consent_entries and consent_states. Publishes no events. The ledger is only added to: the
database refuses every change of it, but for an entry that follows its lead into the one it is merged with.
Leads, which lie above, say what was given or withdrawn, and act on it.
"""
