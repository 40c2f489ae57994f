"""E-mail: how a message becomes RFC 5322 bytes, and one folder for each provider that takes them."""
