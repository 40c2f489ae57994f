"""Workspaces (tenants), the people in them, their sessions, and the API keys of programs.

Owns the tables workspaces, users, members, sessions, sign_in_failures, api_keys and idempotency_keys.
Publishes no events. People and sessions belong to no single workspace, so most functions here want a trusted
transaction; those that take a tenant's say so.
"""
