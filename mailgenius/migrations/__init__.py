"""SQL migrations, in order of their numbers.

`pre` files must work with the release that is still running; `post` files hold the destructive steps.
schema.sql is what they add up to, for reading; a check compares both.
"""
