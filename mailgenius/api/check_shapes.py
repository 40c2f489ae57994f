"""The shape of what stands between a campaign and its launch, in JSON. No routes."""

from typing import Annotated

from msgspec import Meta

from mailgenius.api.bodies import Answer


class FindingAnswer(Answer):
    """Something to know before launch."""

    severity: Annotated[str, Meta(description="An `error` stops the launch, a `warning` does not.")]
    field: str
    message: str


class CheckAnswer(Answer):
    """What stands between a campaign and its launch."""

    ready: Annotated[bool, Meta(description="Whether it can be launched.")]
    findings: list[FindingAnswer]
