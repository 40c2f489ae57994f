"""What recipients do: signed links, opens, clicks, unsubscribes, replies, and their hourly roll-ups.

Owns the tables `tracking_events`, `message_engagement`, `tracking_hourly` and `order_links`. Publishes
`recipient.unsubscribed`. Answering the public requests is the edge's business, reports are analytics'.
"""
