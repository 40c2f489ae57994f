"""Benches: how fast this machine imports and sends, each beside the limit taken in the same run.

They work on a scratch database of this home's server and in a folder of their own, and leave nothing behind.
"""
