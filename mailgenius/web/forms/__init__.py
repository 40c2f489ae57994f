"""HTML forms: what a browser posted becomes a command, or problems beside fields. No database, no HTTP."""
