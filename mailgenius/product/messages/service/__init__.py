"""What may be done with messages by API: send one or many, read, list, call off, tell what became of them."""

from mailgenius.product.messages.service.making import made as made
from mailgenius.product.messages.service.reading import (
    attempts as attempts,
    cancel as cancel,
    feedback as feedback,
    get as get,
    list_messages as list_messages,
)
from mailgenius.product.messages.service.reporting import report as report, report_one as report_one
from mailgenius.product.messages.service.sending import send as send, send_batch as send_batch
