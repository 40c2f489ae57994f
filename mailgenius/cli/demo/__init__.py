"""The demonstration: sample leads, a campaign through the sandbox, and recipients who open, click and leave.

All of it goes through the product's own services and public addresses; nothing is written behind their backs.
A second run finds what the first one made and tells its results again.
"""
