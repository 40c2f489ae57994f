"""The rules of campaigns, by use case: drafting, launching, freezing, steering, testing."""

from mailgenius.product.campaigns.service.choosing import audience_size as audience_size
from mailgenius.product.campaigns.service.drafting import (
    create as create,
    delete as delete,
    duplicate as duplicate,
    get as get,
    list_campaigns as list_campaigns,
    messages as messages,
    state_counts as state_counts,
    update as update,
)
from mailgenius.product.campaigns.service.excluding import exclude_leads as exclude_leads
from mailgenius.product.campaigns.service.foreseeing import Foreseen as Foreseen, foresee as foresee
from mailgenius.product.campaigns.service.freezing import freeze_next as freeze_next
from mailgenius.product.campaigns.service.launching import (
    checks as checks,
    launch as launch,
    launch_scheduled as launch_scheduled,
    unschedule as unschedule,
)
from mailgenius.product.campaigns.service.steering import (
    cancel as cancel,
    finish as finish,
    halted as halted,
    pause as pause,
    resume as resume,
)
from mailgenius.product.campaigns.service.testing import TestSend as TestSend, send_test as send_test
