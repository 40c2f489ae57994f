"""Benches: how fast this machine imports and sends, each beside the limit taken in the same run.

They work in throw-away installations of their own and leave nothing behind. The measuring is in ops.
"""
