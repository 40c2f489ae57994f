"""Tools that know nothing of messaging: database, jobs, events, settings, crypto, storage, logs."""
