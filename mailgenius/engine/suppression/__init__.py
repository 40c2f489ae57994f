"""Suppression: addresses that a workspace must not send to, by channel. The last gate before a provider.

Owns suppressions. Written when somebody unsubscribes, a mailbox turns out dead, or a person blocks it.
"""
