"""Joins: two leads of one person, merged by hand with their histories. It lies above what knows leads.

Owns no tables and publishes no events. What the one lead becomes is decided in leads; each area moves its own
rows, and this one calls them in a single transaction. A new table with a lead in it has its area called here.
"""
