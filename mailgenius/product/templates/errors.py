"""What can go wrong with templates."""

from mailgenius.kit.errors import Invalid, NotFound


class TemplateNotFound(NotFound):
    """This template does not exist in this workspace."""


class MjmlBroken(Invalid):
    """The MJML cannot be turned into HTML: {detail}."""
