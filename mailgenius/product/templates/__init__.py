"""Message templates: subject, preheader, HTML or MJML, plain text; their checks and previews.

Owns the table `templates`. Publishes no events.
"""
