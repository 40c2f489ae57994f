"""Imports: a file of leads, read in chunks, mapped, checked, merged, and answered for row by row.

Owns the tables imports and import_rejects. Publishes no events. The way of a row: `files/` reads it out of
the file, `mapping.py` says which column is what, `columns.py` brings whole columns into normal form,
`parts.py` cuts a chunk into parts that can be merged apart, `committing.py` commits each part with its own
bookmark, and `running.py` begins and ends the run; `seen.py` is for files that are only tried. The leads
themselves are written by product.leads. docs/decisions/0005-imports.md says why.
"""
