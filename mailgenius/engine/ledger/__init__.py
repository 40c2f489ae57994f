"""The ledger: one row for each message, and the protocol by which engines move it.

Owns orders, messages, message_data, batches, lanes, deferrals, attempts, message_feedback and message_counts.
Publishes OrderDrained; the events' classes are in model.py. docs/decisions/0003-delivery-protocol.md says why
it is built this way.

No message is marked by itself before it is sent: a batch's window marker, committed before any call to a
provider, says which queued messages may be on the wire. So `sending` is derived from the marker by readers.
"""
