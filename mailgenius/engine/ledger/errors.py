"""What can go wrong with orders."""

from mailgenius.kit.errors import Conflict, NotFound


class OrderMissing(NotFound):
    """This order does not exist."""


class OrderNotInState(Conflict):
    """This cannot be done while the order is {state}."""
