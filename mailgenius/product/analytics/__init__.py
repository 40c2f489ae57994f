"""Reports: what became of campaigns, a workspace at a glance, the timeline of one lead.

Read-only. Owns no table and publishes no events: it reads the counters and roll-ups that the engine keeps,
and never counts messages or events when a page is opened.
"""
