"""The public door: the addresses inside messages. Pixel, click, unsubscribe, view in browser.

Its visitors are recipients and machines, never signed in: the signed token in the address is all that is
known of them. It must answer at high rates and with the database away: no sessions, cookies or scripts.
"""
