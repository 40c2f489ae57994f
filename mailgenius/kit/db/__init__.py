"""PostgreSQL: pool, transactions, query files, migrations, the embedded server.

Only this part imports the driver; kit.jobs hands it through to Procrastinate.
"""
