"""The provider `smtp`: a pipelined client with persistent connections, and a fast sink to measure it with.

`provider.py` is the form, `adapter.py` the pool, `opening.py` the way to a signed-in connection, `session.py`
the mail transactions, `protocol.py` the wire, `replies.py` what a peer's words mean.
"""
