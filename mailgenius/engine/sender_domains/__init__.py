"""Sender domains: the domains that a workspace writes from, and the keys that sign their mail (DKIM).

Owns the tables `sender_domains` and `dkim_keys`. Publishes nothing. How a signature is written is the
channels' business; what the DNS says of a domain is asked outside of any transaction.
"""
