"""The words of the public pages, in the languages of their readers. Chosen by the browser's language.

They are few and kept here, because doors do not import each other's catalogs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """All texts of one language. `{sender}` and `{address}` are filled in."""

    language: str
    ask_title: str
    ask: str
    ask_known: str
    ask_button: str
    choose: str
    left_title: str
    left: str
    left_known: str
    later: str
    mistake: str
    back_button: str
    returned_title: str
    returned: str
    sample: str
    too_late_title: str
    too_late: str
    gone_title: str
    gone: str
    away_title: str
    away: str


ENGLISH = Texts(
    language="en",
    ask_title="Unsubscribe?",
    ask="You will receive no more messages from this sender.",
    ask_known="You will receive no more messages from {sender} at {address}.",
    ask_button="Unsubscribe",
    choose="Choose what you receive instead",
    left_title="You are unsubscribed",
    left="You will receive no more messages from this sender.",
    left_known="{sender} will send no more messages to {address}.",
    later="A message that is already on its way may still arrive.",
    mistake="Was this a mistake?",
    back_button="Subscribe again",
    returned_title="Welcome back",
    returned="You will keep receiving messages from this sender.",
    sample="This link belongs to a test message, so nothing is changed.",
    too_late_title="This can no longer be undone here",
    too_late="An unsubscribing can be undone for one hour. Please ask the sender to add you again.",
    gone_title="This link does not work",
    gone="It may be incomplete, or the message may be too old. Please use the link in the message itself.",
    away_title="Please try again in a moment",
    away="We cannot show this page just now.",
)
PORTUGUESE = Texts(
    language="pt-BR",
    ask_title="Cancelar a inscrição?",
    ask="Você não receberá mais mensagens deste remetente.",
    ask_known="Você não receberá mais mensagens de {sender} em {address}.",
    ask_button="Cancelar inscrição",
    choose="Prefiro escolher o que recebo",
    left_title="Inscrição cancelada",
    left="Você não receberá mais mensagens deste remetente.",
    left_known="{sender} não enviará mais mensagens para {address}.",
    later="Uma mensagem que já está a caminho ainda pode chegar.",
    mistake="Foi um engano?",
    back_button="Voltar a receber",
    returned_title="Que bom ter você de volta",
    returned="Você continuará recebendo as mensagens deste remetente.",
    sample="Este link é de uma mensagem de teste; por isso, nada foi alterado.",
    too_late_title="Isto não pode mais ser desfeito aqui",
    too_late="O cancelamento pode ser desfeito por uma hora. Peça ao remetente que inclua você de novo.",
    gone_title="Este link não funciona",
    gone="Ele pode estar incompleto, ou a mensagem pode ser muito antiga. Use o link da própria mensagem.",
    away_title="Tente de novo em instantes",
    away="Não é possível mostrar esta página agora.",
)
_LONGEST_HEADER = 500


def texts_for(accept_language: str) -> Texts:
    """Return the texts in the language that an Accept-Language header likes best, else English."""
    ranked: list[tuple[float, str]] = []
    for part in accept_language[:_LONGEST_HEADER].split(","):
        tag, _, parameters = part.strip().partition(";")
        ranked.append((-_quality(parameters), tag.strip().lower()[:2]))
    for _, language in sorted(ranked, key=lambda item: item[0]):
        if language == "pt":
            return PORTUGUESE
        if language == "en":
            return ENGLISH
    return ENGLISH


def texts_in(language: str) -> Texts:
    """Return the texts of a language, however its tag is written."""
    return PORTUGUESE if language.startswith("pt") else ENGLISH


def _quality(parameters: str) -> float:
    try:
        return float(parameters.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
