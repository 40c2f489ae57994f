"""Uploads: large files that come in pieces, and go on where the connection broke.

Owns the tables uploads and upload_pieces. Publishes no events. A piece is stored first and noted after, in
one transaction with the place up to which the file is there: what a client is told is stored, is stored.
Whoever needs the file makes it `ready` and then `take`s it, in the transaction that gives it its new owner.
docs/decisions/0010-uploads-in-pieces.md says why.
"""
