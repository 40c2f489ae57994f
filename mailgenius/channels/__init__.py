"""The wire to providers: values in, values out, no database.

`contract.py` is the language every adapter speaks, `registry.py` lists the providers that exist, and each
provider has a folder below its channel. Pacing, retries and the ledger belong to the engine above.
"""
