"""Preferences: the topics that a workspace writes about, and what each lead chose.

Owns the tables topics and lead_preferences. Publishes no events. A lead that chose nothing has no row: the
defaults of the topics hold for it. Leads, which lie above, say what was chosen, and keep the record of it.
"""
