"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.forms.service.asking import questions as questions
from mailgenius.product.forms.service.building import (
    archive as archive,
    create as create,
    get as get,
    list_forms as list_forms,
    update as update,
)
from mailgenius.product.forms.service.confirming import confirm as confirm, waiting as waiting
from mailgenius.product.forms.service.following import follow_lead as follow_lead
from mailgenius.product.forms.service.receiving import admit as admit, public as public, receive as receive
from mailgenius.product.forms.service.sweeping import (
    count_of_leads as count_of_leads,
    forget_person as forget_person,
    sweep as sweep,
)
