"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.privacy.service.allowing import allow_again as allow_again
from mailgenius.product.privacy.service.erasing import (
    erase as erase,
    find as find,
    list_erasures as list_erasures,
    make_late_ones_nameless as make_late_ones_nameless,
    walk_messages as walk_messages,
)
from mailgenius.product.privacy.service.retaining import (
    count_inactive as count_inactive,
    keep_rules as keep_rules,
    rules as rules,
    set_rules as set_rules,
    workspaces_with_rules as workspaces_with_rules,
)
from mailgenius.product.privacy.service.telling import (
    as_json as as_json,
    as_zip as as_zip,
    everything_about as everything_about,
)
