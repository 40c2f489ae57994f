"""The words of the preference page, in its languages. The names of topics are the workspace's own."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailgenius.channels.contract import Channel
from mailgenius.product.preferences.model import Frequency, LeadLanguage


@dataclass(frozen=True, kw_only=True, slots=True)
class PreferenceTexts:
    """All texts of one language. `{sender}` and `{address}` are filled in."""

    title: str
    intro: str
    topics: str
    channels: str
    channel_names: Mapping[Channel, str]
    stopped: str
    frequency: str
    frequencies: Mapping[Frequency, str]
    frequency_note: str
    language: str
    save: str
    saved: str
    all_title: str
    all: str
    leave: str
    left_title: str
    back: str
    too_often_title: str
    too_often: str


LANGUAGE_NAMES = {LeadLanguage.ENGLISH: "English", LeadLanguage.PORTUGUESE: "Português"}
ENGLISH = PreferenceTexts(
    title="Your preferences",
    intro="{sender} writes to {address}. Choose what you want to receive.",
    topics="Topics",
    channels="Where",
    channel_names={Channel.EMAIL: "E-mail", Channel.SMS: "SMS", Channel.WHATSAPP: "WhatsApp"},
    stopped="Messages there are stopped. Ask the sender if you want them again.",
    frequency="How often",
    frequencies={
        Frequency.ANY: "As it comes",
        Frequency.WEEK: "At most once a week",
        Frequency.MONTH: "At most once a month",
    },
    frequency_note="What you order or ask for always arrives.",
    language="Language",
    save="Save",
    saved="Your preferences are saved.",
    all_title="Nothing at all?",
    all="You will receive no more messages from this sender, on any channel.",
    leave="Leave everything",
    left_title="You have left everything",
    back="To your preferences",
    too_often_title="Please try again later",
    too_often="These preferences were changed very often within the last hour.",
)
PORTUGUESE = PreferenceTexts(
    title="Suas preferências",
    intro="{sender} escreve para {address}. Escolha o que você quer receber.",
    topics="Tópicos",
    channels="Onde",
    channel_names={Channel.EMAIL: "E-mail", Channel.SMS: "SMS", Channel.WHATSAPP: "WhatsApp"},
    stopped="O envio por aqui está suspenso. Peça ao remetente se quiser receber de novo.",
    frequency="Com que frequência",
    frequencies={
        Frequency.ANY: "Sempre que houver",
        Frequency.WEEK: "No máximo uma vez por semana",
        Frequency.MONTH: "No máximo uma vez por mês",
    },
    frequency_note="O que você compra ou pede sempre chega.",
    language="Idioma",
    save="Salvar",
    saved="Suas preferências foram salvas.",
    all_title="Não quer mais nada?",
    all="Você não receberá mais mensagens deste remetente, em nenhum canal.",
    leave="Sair de tudo",
    left_title="Você saiu de tudo",
    back="Ver suas preferências",
    too_often_title="Tente de novo mais tarde",
    too_often="Estas preferências foram alteradas vezes demais na última hora.",
)


def preference_texts(language: str) -> PreferenceTexts:
    """Return the texts of a language, however its tag is written."""
    return PORTUGUESE if language.startswith("pt") else ENGLISH
