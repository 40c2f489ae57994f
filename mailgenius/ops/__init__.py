"""Looks after the running system: is it ready, and its numbers. Data only: doors give them addresses."""
