"""MailGenius: self-hosted, multi-channel sending at high volume.

The storeys, from top to bottom: cli, processes, doors (web, api, edge), ops, product, engine, channels,
kit. Imports point down; news travels up as events. ARCHITECTURE.md has the map.
"""

__version__ = "0.1.0"
