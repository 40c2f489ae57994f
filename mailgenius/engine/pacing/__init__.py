"""Pacing: how fast a connection may be used, shared by all engines. Per second, and per day in UTC.

Owns pace_buckets: one row for each connection that has a limit. Others cost nothing here.
"""
