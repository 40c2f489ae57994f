"""Campaigns: one message to many. Audience, schedule, launch, pause, results.

Owns the table `campaigns`. Publishes no events; listens to `order.drained` and `order.halted`. The engine
sends: a campaign opens one order there and fills it with its frozen audience.
"""
