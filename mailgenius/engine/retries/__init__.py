"""Retries: what follows from the outcome of an attempt. A schedule and the rule that reads it; no I/O."""
