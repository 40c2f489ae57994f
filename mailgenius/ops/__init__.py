"""Looks after the running system: is it ready, its numbers, its books. Data only: doors give them addresses.

Owns conservation_checks: what the checks of the books found last; engines: those that live; engine_totals:
what those before them had counted; secret_key_mark: which secret key the installation has.
"""
