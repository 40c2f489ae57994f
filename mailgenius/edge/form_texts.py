"""The words of hosted forms, in the language of the form. What the workspace wrote itself is not here."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FormTexts:
    """All texts of one language. `{address}` is filled in."""

    email: str
    required: str
    send: str
    errors: Mapping[str, str]
    """By what the rules say."""
    wrong: str
    mend: str
    leave_empty: str
    check_title: str
    check: str
    check_again: str
    thanks_title: str
    thanks: str
    too_often_title: str
    too_often: str
    confirm: str
    confirm_button: str
    over_title: str
    over: str


ENGLISH = FormTexts(
    email="E-mail address",
    required="required",
    send="Send",
    errors={
        "is needed": "Please fill this in.",
        "is not an e-mail address": "This is not an e-mail address.",
        "is not right": "This does not look right.",
    },
    wrong="This does not look right.",
    mend="Please look at what is marked.",
    leave_empty="Leave this empty",
    check_title="Please look into your mailbox",
    check="We sent you a message with a link. You will receive nothing more until you have confirmed by it.",
    check_again="No message? Look into the folder for spam, or try again in ten minutes.",
    thanks_title="Thank you",
    thanks="You are on the list.",
    too_often_title="Please try again later",
    too_often="This form was sent too often from your network.",
    confirm="Do you want to receive messages at {address}?",
    confirm_button="Yes, I do",
    over_title="This link does not work",
    over="It may be incomplete, or it has run out. Please fill in the form again.",
)
PORTUGUESE = FormTexts(
    email="Endereço de e-mail",
    required="obrigatório",
    send="Enviar",
    errors={
        "is needed": "Preencha este campo.",
        "is not an e-mail address": "Este não é um endereço de e-mail.",
        "is not right": "Isto não parece certo.",
    },
    wrong="Isto não parece certo.",
    mend="Veja o que está marcado.",
    leave_empty="Deixe em branco",
    check_title="Veja a sua caixa de entrada",
    check="Enviamos uma mensagem com um link. Você não receberá mais nada até confirmar por ele.",
    check_again="Não chegou? Veja a pasta de spam ou tente de novo em dez minutos.",
    thanks_title="Obrigado",
    thanks="Você está na lista.",
    too_often_title="Tente de novo mais tarde",
    too_often="Este formulário foi enviado vezes demais a partir da sua rede.",
    confirm="Você quer receber mensagens em {address}?",
    confirm_button="Sim, quero",
    over_title="Este link não funciona",
    over="Ele pode estar incompleto ou ter vencido. Preencha o formulário de novo.",
)


def form_texts(language: str) -> FormTexts:
    """Return the texts of a language, however its tag is written."""
    return PORTUGUESE if language.startswith("pt") else ENGLISH
