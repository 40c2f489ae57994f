"""The words of the sentences about segments, in both languages. Nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """One language. `{}` takes what is spoken of, in the order in which it is given."""

    leads: str
    and_: str
    or_: str
    none_of: str
    more: str
    operators: dict[str, str]
    attributes: dict[str, str]
    status: str
    statuses: dict[str, str]
    tags: dict[str, str]
    consents: dict[str, str]
    bases: dict[str, str]
    on_channel: str
    channels: dict[str, str]
    wants: str
    wants_not: str
    acts: dict[str, tuple[str, str]]
    any_campaign: str
    campaign: str
    times: str
    last_days: str
    day: str
    days: str
    imported: str
    not_imported: str
    in_segment: str
    not_in_segment: str
    share: str
    months: tuple[str, ...]
    date_format: str
    decimal_point: str


ENGLISH = Phrases(
    leads="Leads where {}.",
    and_=" and ",
    or_=" or ",
    none_of="none of these holds: {}",
    more=" or {} more",
    operators={
        "is": "{} is {}",
        "is_not": "{} is not {}",
        "in": "{} is {}",
        "not_in": "{} is not {}",
        "contains": "{} contains {}",
        "not_contains": "{} does not contain {}",
        "starts_with": "{} begins with {}",
        "ends_with": "{} ends with {}",
        "less": "{} is less than {}",
        "at_most": "{} is at most {}",
        "more": "{} is more than {}",
        "at_least": "{} is at least {}",
        "between": "{} is from {} to {}",
        "on": "{} is on {}",
        "before": "{} is before {}",
        "after": "{} is after {}",
        "in_last": "{} is in the last {}",
        "before_last": "{} is longer ago than {}",
        "in_next": "{} is in the next {}",
        "anniversary": "the anniversary of {} is in the next {}",
        "anniversary_today": "the anniversary of {} is today",
        "month": "{} is in {}",
        "is_set": "{} is filled in",
        "is_empty": "{} is empty",
        "yes": "{} is yes",
        "no": "{} is no",
        "any": "{} has {}",
        "all": "{} has all of {}",
        "none": "{} has none of {}",
    },
    attributes={
        "name": "the name",
        "email": "the e-mail",
        "phone": "the phone",
        "external_id": "the external id",
        "consent_source": "the source of consent",
        "created_at": "the day it was added",
        "updated_at": "the day it was changed",
        "consent_at": "the day of consent",
    },
    status="the status",
    statuses={
        "active": "active",
        "unsubscribed": "unsubscribed",
        "bounced": "bounced",
        "complained": "complained",
        "blocked": "blocked",
    },
    tags={"any": "a tag is {}", "all": "the tags hold all of {}", "none": "no tag is {}"},
    consents={"given": "{} was given", "missing": "{} is missing", "withdrawn": "{} was withdrawn"},
    bases={
        "consent": "consent",
        "contract": "the legal basis “contract”",
        "legitimate_interest": "the legal basis “legitimate interest”",
        "legal_obligation": "the legal basis “legal obligation”",
        "any": "a legal basis",
    },
    on_channel=" for {}",
    channels={"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp"},
    wants="they want the topic “{}”",
    wants_not="they do not want the topic “{}”",
    acts={
        "sent": ("{} was sent to them", "{} was not sent to them"),
        "delivered": ("{} reached them", "{} did not reach them"),
        "opened": ("they opened {}", "they did not open {}"),
        "clicked": ("they clicked in {}", "they did not click in {}"),
        "bounced": ("{} came back", "{} did not come back"),
        "unsubscribed": ("they unsubscribed in {}", "they did not unsubscribe in {}"),
        "replied": ("they replied to {}", "they did not reply to {}"),
    },
    any_campaign="any campaign",
    campaign="the campaign “{}”",
    times=" at least {} times",
    last_days=" in the last {}",
    day="day",
    days="{} days",
    imported="they came with {}",
    not_imported="they did not come with {}",
    in_segment="they are in the segment “{}”",
    not_in_segment="they are not in the segment “{}”",
    share="they fall into a random share of {} % (from {} to {})",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    date_format="%Y-%m-%d",
    decimal_point=".",
)

PORTUGUESE = Phrases(
    leads="Leads em que {}.",
    and_=" e ",
    or_=" ou ",
    none_of="nada disto vale: {}",
    more=" ou mais {}",
    operators={
        "is": "{} é {}",
        "is_not": "{} não é {}",
        "in": "{} é {}",
        "not_in": "{} não é {}",
        "contains": "{} contém {}",
        "not_contains": "{} não contém {}",
        "starts_with": "{} começa com {}",
        "ends_with": "{} termina com {}",
        "less": "{} é menor que {}",
        "at_most": "{} é no máximo {}",
        "more": "{} é maior que {}",
        "at_least": "{} é no mínimo {}",
        "between": "{} está entre {} e {}",
        "on": "{} é em {}",
        "before": "{} é antes de {}",
        "after": "{} é depois de {}",
        "in_last": "{} está nos últimos {}",
        "before_last": "{} foi há mais de {}",
        "in_next": "{} está nos próximos {}",
        "anniversary": "o aniversário de {} está nos próximos {}",
        "anniversary_today": "o aniversário de {} é hoje",
        "month": "{} é em {}",
        "is_set": "{} está preenchido",
        "is_empty": "{} está vazio",
        "yes": "{} é sim",
        "no": "{} é não",
        "any": "{} tem {}",
        "all": "{} tem todos de {}",
        "none": "{} não tem nenhum de {}",
    },
    attributes={
        "name": "o nome",
        "email": "o e-mail",
        "phone": "o telefone",
        "external_id": "o id externo",
        "consent_source": "a origem do consentimento",
        "created_at": "o dia do cadastro",
        "updated_at": "o dia da última mudança",
        "consent_at": "o dia do consentimento",
    },
    status="a situação",
    statuses={
        "active": "ativo",
        "unsubscribed": "descadastrado",
        "bounced": "devolvido",
        "complained": "reclamou",
        "blocked": "bloqueado",
    },
    tags={"any": "uma tag é {}", "all": "as tags incluem todas de {}", "none": "nenhuma tag é {}"},
    consents={"given": "há {}", "missing": "falta {}", "withdrawn": "houve retirada de {}"},
    bases={
        "consent": "consentimento",
        "contract": "base legal “contrato”",
        "legitimate_interest": "base legal “legítimo interesse”",
        "legal_obligation": "base legal “obrigação legal”",
        "any": "base legal",
    },
    on_channel=" para {}",
    channels={"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp"},
    wants="querem o tópico “{}”",
    wants_not="não querem o tópico “{}”",
    acts={
        "sent": ("{} foi enviada", "{} não foi enviada"),
        "delivered": ("{} chegou", "{} não chegou"),
        "opened": ("abriram {}", "não abriram {}"),
        "clicked": ("clicaram em {}", "não clicaram em {}"),
        "bounced": ("{} voltou", "{} não voltou"),
        "unsubscribed": ("se descadastraram em {}", "não se descadastraram em {}"),
        "replied": ("responderam {}", "não responderam {}"),
    },
    any_campaign="qualquer campanha",
    campaign="a campanha “{}”",
    times=" pelo menos {} vezes",
    last_days=" nos últimos {}",
    day="1 dia",
    days="{} dias",
    imported="vieram com {}",
    not_imported="não vieram com {}",
    in_segment="estão no segmento “{}”",
    not_in_segment="não estão no segmento “{}”",
    share="caem numa parcela aleatória de {} % (de {} a {})",
    months=(
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    date_format="%d/%m/%Y",
    decimal_point=",",
)
