"""Forms of signing in and of choosing a password."""

from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

PASSWORD_FIELDS: Final = ("current", "new", "again")


@dataclass(frozen=True, kw_only=True)
class SignInForm:
    """Who wants in."""

    email: str = ""
    password: str = field(default="", repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        email = form.text("email", limit=254, required=True)
        password = form.raw("password")
        if not password:
            form.refuse("password", _("Fill this in."))
        return cls(email=email, password=password, errors=form.errors)


@dataclass(frozen=True, kw_only=True)
class PasswordForm:
    """A change of password. The values are never shown again."""

    current: str = field(default="", repr=False)
    new: str = field(default="", repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        current, new, again = (form.raw(name) for name in PASSWORD_FIELDS)
        for name, value in zip(PASSWORD_FIELDS, (current, new, again), strict=True):
            if not value:
                form.refuse(name, _("Fill this in."))
        if new != again:
            form.refuse("again", _("The two passwords differ."))
        return cls(current=current, new=new, errors=form.errors)
