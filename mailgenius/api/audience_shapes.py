"""The shape of an audience in JSON: everyone, tags, segments. No routes."""

from msgspec import field

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.product.leads.model import Audience, SegmentFilter, TagFilter


class TagsBody(Body):
    """Leads with any of some tags, all of others, and none of others."""

    any: list[str] = field(default_factory=list)
    all: list[str] = field(default_factory=list)
    none: list[str] = field(default_factory=list)


class SegmentsBody(Body):
    """Leads in any of some segments, and in none of others."""

    any: list[Id] = field(default_factory=list)
    none: list[Id] = field(default_factory=list)


class AudienceBody(Body):
    """Who it is for: `{"all": true}`, or tags, or segments; what is named of both must hold."""

    all: bool = False
    tags: TagsBody = field(default_factory=TagsBody)
    segments: SegmentsBody = field(default_factory=SegmentsBody)

    def audience(self) -> Audience:
        """Return what the leads area understands.

        Raises:
            Invalid: it says nobody in particular.
        """
        tags = TagFilter(any=tuple(self.tags.any), all=tuple(self.tags.all), none=tuple(self.tags.none))
        segments = SegmentFilter(
            any=tuple(int(each) for each in self.segments.any),
            none=tuple(int(each) for each in self.segments.none),
        )
        audience = Audience(all=self.all, tags=tags, segments=segments)
        audience.check()
        return audience


class TagsAnswer(Answer):
    """Leads with any of some tags, all of others, and none of others."""

    any: list[str]
    all: list[str]
    none: list[str]


class SegmentsAnswer(Answer):
    """Leads in any of some segments, and in none of others."""

    any: list[Id]
    none: list[Id]


class AudienceAnswer(Answer):
    """Who it is for."""

    all: bool
    tags: TagsAnswer
    segments: SegmentsAnswer


def audience_answer(audience: Audience) -> AudienceAnswer:
    tags, segments = audience.tags, audience.segments
    return AudienceAnswer(
        all=audience.all,
        tags=TagsAnswer(any=list(tags.any), all=list(tags.all), none=list(tags.none)),
        segments=SegmentsAnswer(
            any=[str(each) for each in segments.any], none=[str(each) for each in segments.none]
        ),
    )
