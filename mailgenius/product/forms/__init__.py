"""Forms: how people subscribe by themselves, on a page of ours or from a page of the workspace's own.

Owns the tables forms, form_texts, form_submissions and form_tries. Publishes no events. With double opt-in an
answer waits until its address has proved to be the visitor's: only then does it become a lead.
"""
