"""What is wrong with a template, with the line where a person can mend it."""

from mailgenius.kit.errors import Invalid


class TemplateBroken(Invalid):
    """Line {line} of the template: {reason}."""

    def __init__(self, *, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(line=line, reason=reason)
