"""What may be done with messages by API: send one or many, read, list, call off."""

from mailgenius.product.messages.service.reading import (
    attempts as attempts,
    cancel as cancel,
    get as get,
    list_messages as list_messages,
)
from mailgenius.product.messages.service.sending import send as send, send_batch as send_batch
