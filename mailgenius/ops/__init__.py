"""Looks after the running system: is it alive and ready, and its numbers. Data only: doors give them addresses."""
