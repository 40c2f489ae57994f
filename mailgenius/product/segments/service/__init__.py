"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.segments.service.audiences import (
    Snapshot as Snapshot,
    audience_condition as audience_condition,
    snapshot as snapshot,
)
from mailgenius.product.segments.service.counting import (
    ask_count as ask_count,
    condition_of as condition_of,
    count as count,
    describe_tree as describe_tree,
    estimate as estimate,
    members as members,
    preview as preview,
)
from mailgenius.product.segments.service.gathering import (
    recent_campaigns as recent_campaigns,
    recent_imports as recent_imports,
)
from mailgenius.product.segments.service.narrowing import (
    kept_condition as kept_condition,
    list_leads as list_leads,
    within as within,
)
from mailgenius.product.segments.service.writing import (
    archive as archive,
    create as create,
    get as get,
    list_segments as list_segments,
    naming as naming,
    update as update,
)
