"""Connections: the accounts at providers that a workspace sends through, with their secrets and limits.

Owns the tables `connections` and `circuits`. Publishes nothing. What a provider needs to be told is the
channels' business, and how fast a connection may be used is kept by pacing.
"""
