"""What our errors say, in the language of the page.

An error's message id is its class docstring; the catalogs translate it like any other text. Which HTTP status
or page an error becomes is `failures`.
"""

import re
from typing import Final

from mailgenius.kit.errors import MailGeniusError
from mailgenius.web import i18n
from mailgenius.web.i18n import N_

# Rules below the doors write whole sentences. What differs from case to case is quoted, or is an address or a
# number: the catalogs hold `“%(value)s”` and `%(num)s` in its place.
_VARIABLE: Final = re.compile(r"“[^”]*”|[^\s“”;]+@[^\s“”,;]+|\+?\d[\d,.]*\d|\d")
_PLACE: Final = re.compile(r"%\((?:num|value)\)s")
_BETWEEN: Final = re.compile(r"; (?=[^”]*(?:“|$))")

REASONS: Final = (
    N_("“%(value)s” is not an e-mail address"),
    N_("“%(value)s” is not an e-mail address, a domain or a phone number"),
    N_("“%(value)s” is not a phone number"),
    N_("“%(value)s” is not a phone number with its area code"),
    N_("“%(value)s” is not a status"),
    N_("“%(value)s” is not a date: write it as %(num)s-%(num)s-%(num)s"),
    N_("“%(value)s” is not a field key: use lower-case letters, digits and underscores"),
    N_("“%(value)s” does not fit “%(value)s”: write one text"),
    N_("“%(value)s” does not fit “%(value)s”: write a number such as %(num)s or %(num)s"),
    N_("“%(value)s” does not fit “%(value)s”: write a date such as %(num)s-%(num)s-%(num)s"),
    N_(
        "“%(value)s” does not fit “%(value)s”: write a date and a time such as"
        " %(num)s-%(num)s-%(num)sT%(num)s:%(num)s"
    ),
    N_("“%(value)s” does not fit “%(value)s”: write yes or no"),
    N_("“%(value)s” does not fit “%(value)s”: write an address such as https://example.com"),
    N_("“%(value)s” does not fit “%(value)s”: choose from “%(value)s”"),
    N_("the field “%(value)s” takes one value, not a list"),
    N_("an e-mail, a phone or an external id is needed"),
    N_("a lead has at most %(num)s tags"),
    N_("a lead has at most %(num)s fields"),
    N_("another lead has this e-mail"),
    N_("another lead has this phone"),
    N_("another lead has this external id"),
    N_("another lead has this identity"),
    N_("one of its identities stands in too many rows that contradict each other"),
    N_("the e-mail %(num)s belongs to lead %(num)s, whose external id is “%(value)s”"),
    N_("the phone %(num)s belongs to lead %(num)s, whose external id is “%(value)s”"),
    N_("the phone %(num)s belongs to lead %(num)s, whose e-mail is %(num)s"),
    N_("the e-mail %(num)s belongs to lead %(num)s, but the phone %(num)s belongs to lead %(num)s"),
    N_("the external id “%(value)s” belongs to lead %(num)s, but the e-mail %(num)s belongs to lead %(num)s"),
    N_("the external id “%(value)s” belongs to lead %(num)s, but the phone %(num)s belongs to lead %(num)s"),
    N_("the line has %(num)s cells; the header has %(num)s"),
    N_("the line is longer than %(num)s MiB"),
    N_("a quote in this line is not closed, or not doubled"),
    N_("the e-mail is of a person who asked to be erased"),
    N_("the phone is of a person who asked to be erased"),
    N_("the external id is of a person who asked to be erased"),
    N_("must be between %(num)s and %(num)s"),
    N_("The person asked to be erased."),
    N_("The lead does not want this topic."),
    N_("The lead wants messages less often, and had one lately."),
    N_("The lead was merged into one that has this message already."),
    # Of the settings of a provider.
    N_("There is no such setting."),
    N_("Enter the name of the mail server."),
    N_("Choose none, starttls or tls."),
    N_("Choose yes or no."),
    N_("This is not a host name."),
    N_("Enter the user name that belongs to the password."),
    N_("A user name holds no line breaks."),
    N_("A password holds no line breaks."),
    N_("Enter an address that begins with https:// or http://."),
    N_("Leave user and password out of the address."),
    N_("A key holds no spaces."),
    # Of a connection, and of an attempt that the provider had no words for.
    N_("The warm-up is paused: more than %(num)s percent of today's messages bounced."),
    N_("The connection is closed."),
    N_("The connection was never made."),
    N_("The mail server closed the connection."),
    N_("The mail server “%(value)s” cannot be reached"),
    N_("The mail server “%(value)s” did not answer in time."),
    N_("Connection refused"),
    N_("The mail server did not answer."),
    N_("The connection failed without an answer for this message."),
    N_("The message was not sent."),
)
"""What is said of single rows and values, for the catalogs: the rules that say it know no gettext."""


def message_of(error: MailGeniusError) -> str:
    """The sentence of an error in the current language."""
    translated = i18n.translations(i18n.current_locale()).gettext(error.message_id())
    return translated.format_map({key: reason(str(value)) for key, value in error.values.items()})


def problems_of(error: MailGeniusError) -> dict[str, str]:
    """The problems of an error by field, as a form shows them."""
    return {problem.field: sentence(reason(problem.message)) for problem in error.problems}


def reason(text: str) -> str:
    """What a rule said of a value or a row, in the current language; several are separated by semicolons."""
    whole = _translated(text)
    if whole is not None:
        return whole
    return "; ".join(_translated(part) or part for part in _BETWEEN.split(text))


def sentence(text: str) -> str:
    """Rules write "must be a number"; beside a field or in a table that is a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _translated(text: str) -> str | None:
    """The text in the current language, or None when nobody translated it."""
    gettext = i18n.translations(i18n.current_locale()).gettext
    if (plain := gettext(text)) != text:
        return plain
    values = [match[0].strip("“”") for match in _VARIABLE.finditer(text)]
    pattern = _VARIABLE.sub(lambda match: "“%(value)s”" if match[0][0] == "“" else "%(num)s", text)
    translated = gettext(pattern)
    if translated == pattern:
        return None
    # In order, because two numbers of one sentence have the same name.
    following = iter(values)
    return _PLACE.sub(lambda match: next(following, match[0]), translated)
