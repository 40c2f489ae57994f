"""The log of who did what: each act that changes something by a door, in the transaction of the change.

Owns the table audit_entries. Publishes no events. It knows actions by their names only (`campaign.launched`);
what they are called to people is for the doors. It lies in kit, so that every area may note what it does.
"""
