"""The form of a new sender domain: its name and what its keys are for."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.web.forms.reading import FormReader, Posted

SENDER_DOMAIN_FIELDS: Final = ("domain", "signs_with")


class SignsWith(StrEnum):
    """The kinds of keys that a domain may begin with."""

    RSA = "rsa"
    BOTH = "both"
    ED25519 = "ed25519"

    @property
    def algorithms(self) -> list[DkimAlgorithm]:
        return list(DkimAlgorithm) if self is SignsWith.BOTH else [DkimAlgorithm(self)]


@dataclass(frozen=True, kw_only=True)
class SenderDomainForm:
    """A sender domain as typed."""

    domain: str = ""
    signs_with: SignsWith = SignsWith.RSA
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        return cls(
            domain=form.text("domain", limit=253, required=True),
            signs_with=form.choice("signs_with", SignsWith, default=SignsWith.RSA),
            errors=form.errors,
        )
