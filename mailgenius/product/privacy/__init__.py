"""Privacy: what a person may ask for (a copy of everything, to be erased), and how long what is kept.

Owns the tables erasures and retention_rules. Publishes no events. Every area removes its own rows; this one,
above them all, knows whom to ask. Who was erased is held back by engine/suppression, by hashes.
"""
