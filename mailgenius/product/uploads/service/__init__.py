"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.uploads.service.keeping import (
    abandon as abandon,
    create as create,
    forget_given_up as forget_given_up,
    get as get,
    ready as ready,
    take as take,
)
from mailgenius.product.uploads.service.receiving import receive as receive
