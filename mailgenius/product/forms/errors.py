"""What can go wrong with forms."""

from mailgenius.kit.errors import Invalid, LimitReached, NotFound, Unavailable


class FormNotFound(NotFound):
    """This form does not exist."""


class FormUnclear(Invalid):
    """The form is not right yet."""


class AnswersUnclear(Invalid):
    """Some answers are missing or not right."""


class TooManyTries(LimitReached):
    """This was sent too often. Please try again later."""


class LinkOver(NotFound):
    """This link has run out. Please fill in the form again."""


class CannotAskBack(Unavailable):
    """The message that asks to confirm cannot be sent just now. Please try again later."""
