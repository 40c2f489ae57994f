"""What can go wrong with orders."""

from mailgenius.kit.errors import Conflict, NotFound


class OrderMissing(NotFound):
    """This order does not exist."""


class OrderNotInState(Conflict):
    """This cannot be done while the order is {state}."""


class MessageMissing(NotFound):
    """This message does not exist."""


class MessageOnItsWay(Conflict):
    """This message cannot be called off any more: it is {state}."""
