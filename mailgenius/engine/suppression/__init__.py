"""Suppression: addresses that a workspace must not send to, by channel. The last gate before a provider.

Owns suppressions and erased_identities. Written when somebody unsubscribes, a mailbox turns
out dead, a person blocks it or asks to be erased.
"""
