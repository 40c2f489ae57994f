"""What can go wrong with leads."""

import re

from mailgenius.kit.errors import Conflict, LimitReached, NotFound


class LeadNotFound(NotFound):
    """This lead does not exist."""


class LeadJoined(LeadNotFound):
    """This lead was merged into lead {kept_id}."""

    @property
    def kept_id(self) -> int:
        return int(str(self.values["kept_id"]))

    def follow(self, path: str) -> str | None:
        """Return an address that names the lead, with the id that it has now; None: it names other leads."""
        found, times = re.subn(
            rf"(/leads/(?:[0-9]+/merge/)?){self.values['lead_id']}(?=/|$)", rf"\g<1>{self.kept_id}", path
        )
        # Nobody is compared with themselves.
        alone = re.sub(rf"(/leads/{self.kept_id})/merge/{self.kept_id}(?=/|$)", r"\1", found)
        return alone if times else None


class SameLead(Conflict):
    """A lead cannot be merged with itself."""


class FieldNotFound(NotFound):
    """This custom field does not exist."""


class FieldKeyTaken(Conflict):
    """A field with this key exists already; it may be archived."""


class TooManyFields(LimitReached):
    """A workspace has at most {limit} custom fields."""


class IdentityConflict(Conflict):
    """This belongs to another lead: {reason}."""


class PersonErased(IdentityConflict):
    """This person cannot be taken in: {reason}. An admin may let them in again, by a new consent."""


class BatchTooLarge(LimitReached):
    """A batch holds at most {limit} leads; this one has {size}."""


class BulkActNotFound(NotFound):
    """This act does not exist."""


class BulkCountChanged(Conflict):
    """There are {total} leads that match by now, not {expected}. Look again before you delete them."""


class BulkActOver(Conflict):
    """This act has come to its end."""


class CannotUndo(Conflict):
    """This act cannot be undone. Only a single tag, added or removed, can be taken back, and only once."""


class TooManyChanges(LimitReached):
    """These preferences were changed too often within the hour. Try again later."""


_IDENTITIES = {"email": "e-mail", "phone": "phone", "external_id": "external id"}


def erased_reason(kind: str) -> str:
    """Return why a row or a change is refused whose person was erased, by the kind of its identity."""
    return f"the {_IDENTITIES[kind]} is of a person who asked to be erased"
