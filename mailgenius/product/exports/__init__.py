"""Exports: leads written into a file in the background, to be fetched for some days.

Owns the table lead_exports. Publishes no events. `cells.py` says what a value looks like in a file,
`formats.py` how rows become the bytes of a CSV or XLSX file, `running.py` carries them into the store: never
more than a chunk is in memory. An import reads such a file as it is (`kit/formulas.py`).
"""
