"""Pacing: how fast messages may leave, shared by all engines through the database.

Owns pace_limits, pace_meters, pace_holds, mailbox_domains, sending_rules and order_health (and pace_buckets
of the first release, which is no longer read). Limits are on a connection, an order, a workspace, a sender's
domain and a group of mailboxes. A connection without any of them costs nothing here.
"""
