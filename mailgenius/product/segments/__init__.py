"""Segments: saved conditions on leads, without SQL. Who is in one, how many, and what it means in words.

Owns the table `segments`. Publishes no events. A segment is a tree of conditions (`tree.py`), read from JSON
(`parsing.py`), put into words (`describing.py`), and compiled to a condition with parameters (`compiling.py`)
that narrows statements on leads. It reads the tables of leads, imports, orders, messages and events.
"""
