"""The soak: faults on purpose, counted by receivers that know nothing of our database.

Each trial of the table plays one kind of fault on real processes and says what came of it. It works in a
throw-away installation and leaves nothing behind. docs/operate/delivery-promise.md has the promise.
"""
