"""A workspace that looks lived in, for screenshots and browser tests, and an empty one beside it."""

import random
from datetime import UTC, datetime, timedelta

from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.engine.sender_domains import service as sender_domains
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.kit.services import Services
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import Basis, ConsentAct, Statement, Way
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.model import FormField, FormInput
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadInput, LeadStatus
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import TopicInput
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import ROLE_PERMISSIONS, Actor, Role
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.templates import make_template

PASSWORD = "correct horse battery"
OWNER = "marina@acme.test"
NEWCOMER = "novo@acme.test"

FIRST = (
    "Ana",
    "Bruno",
    "Carla",
    "Davi",
    "Elaine",
    "Fábio",
    "Gabriela",
    "Heitor",
    "Íris",
    "João",
    "Kátia",
    "Luís",
)
LAST = (
    "Souza",
    "Conceição",
    "Lima",
    "Araújo",
    "Gonçalves",
    "Pereira",
    "Nóbrega",
    "Assunção",
    "Barros",
    "Vieira",
)
CITIES = ("São Paulo", "Recife", "Belém", "Curitiba", "Goiânia", "Maceió")
TAGS = ("newsletter", "vip", "trial", "black friday 2026", "webinar", "customer")
DOMAINS = ("gmail.com", "uol.com.br", "outlook.com", "terra.com.br", "acme.test")

ADD_ORDER = Query(
    "order",
    "An order.",
    "INSERT INTO orders"
    " (workspace_id, source, source_id, channel, priority, connection_id, content, state, sealed)"
    " VALUES (%(workspace_id)s, 'campaign', %(campaign_id)s, 'email', 10, %(connection_id)s, %(content)s,"
    " 'drained', true) RETURNING id",
)
SET_CAMPAIGN = Query(
    "campaign",
    "A launched campaign.",
    "UPDATE campaigns SET state = %(state)s::campaign_state, order_id = %(order_id)s, launched_at = %(at)s"
    " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
)
ADD_COUNT = Query(
    "count",
    "Sent messages.",
    "INSERT INTO message_counts (workspace_id, order_id, hour, state, shard, n)"
    " VALUES (%(workspace_id)s, %(order_id)s, date_trunc('hour', %(at)s::timestamptz),"
    " %(state)s::message_state, 0, %(n)s)",
)
ADD_EVENTS = Query(
    "events",
    "Opens and clicks.",
    "INSERT INTO tracking_hourly (workspace_id, order_id, hour, kind, n, n_first)"
    " VALUES (%(workspace_id)s, %(order_id)s, date_trunc('hour', %(at)s::timestamptz),"
    " %(kind)s::tracking_kind, %(n)s, %(n)s)",
)
ADD_IMPORT = Query(
    "import",
    "An import in some state.",
    "INSERT INTO imports (workspace_id, state, file_key, file_name, file_size, mapping, columns, tags,"
    " bytes_read, rows_total, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected,"
    " error, created_by, created_at, started_at, finished_at)"
    " VALUES (%(workspace_id)s, %(state)s::import_state, 'none', %(name)s, 4812345, %(mapping)s::jsonb,"
    " ARRAY['Nome','E-mail','Cidade'], ARRAY['newsletter'], %(bytes)s, %(total)s, %(read)s, %(created)s,"
    " %(updated)s, %(unchanged)s, %(rejected)s, %(error)s, %(by)s, %(at)s, %(at)s, %(finished)s)"
    " RETURNING id",
)
ADD_REJECT = Query(
    "reject",
    "A rejected row.",
    "INSERT INTO import_rejects (workspace_id, import_id, line, reason, cells)"
    " VALUES (%(workspace_id)s, %(import_id)s, %(line)s, %(reason)s, %(cells)s)",
)


SIGN_UP = FormInput(
    name="Footer of the shop",
    title="News from Acme",
    intro="Offers and ideas, twice a month.",
    consent_text="I agree to receive Acme's news by e-mail. I can leave at any time.",
    fields=(FormField(key="name", label="Name", required=True), FormField(key="phone", label="Phone")),
    tags=("site",),
    double_opt_in=False,
)


TOPICS = (
    TopicInput(
        name_en="Offers", name_pt="Ofertas", about_en="Prices of the week.", about_pt="Preços da semana."
    ),
    TopicInput(name_en="Recipes", name_pt="Receitas", by_default=False, place=1),
)


def _said(lead_id: int) -> Statement:
    said = {"act": ConsentAct.GIVEN, "way": Way.PAGE, "basis": Basis.CONTRACT, "source": "Contract 12"}
    return Statement(lead_id=lead_id, channel="email", **said)


async def fill(services: Services) -> None:
    """Fill an empty installation. The same every time."""
    dice = random.Random(7)
    db = services.db
    async with db.trusted() as tx:
        first = await workspaces.ensure_owner(tx, email=OWNER, name="Marina Duarte", workspace="Acme Brasil")
        assert first is not None
        await workspaces.change_password(tx, user_id=first.user.id, current=first.password, new=PASSWORD)
        here = first.workspace.id
        await workspaces.update_workspace(
            tx,
            workspace_id=here,
            name="Acme Brasil",
            timezone="America/Sao_Paulo",
            locale="pt_BR",
            sender_name="Marina da Acme",
            sender_email="marina@acme.test",
        )
        await _members(tx, here)
        await workspaces.create_api_key(
            tx, workspace_id=here, name="Online shop", scopes=["leads:read", "leads:write"], created_by=None
        )
        await leads.upsert_batch(tx, workspace_id=here, leads=[_lead(dice, n) for n in range(180)])
        await consents.record(tx, workspace_id=here, statements=[_said(5)])
        await forms.create(tx, workspace_id=here, form=SIGN_UP)
        for topic in TOPICS:
            await preferences.create_topic(tx, workspace_id=here, topic=topic)
    await _campaigns(services, here, dice)
    async with db.trusted() as tx:
        await _imports(tx, here, first.user.id)
        await sender_domains.add(
            tx,
            workspace_id=here,
            domain="acme.test",
            pairs=await sender_domains.make_keys(list(DkimAlgorithm)),
            keys=services.keys,
        )


async def _members(tx: Tx, here: int) -> None:
    boss = Actor(workspace_id=here, permissions=ROLE_PERMISSIONS[Role.OWNER], role=Role.OWNER)
    people = (("rui@acme.test", "Rui Tavares", Role.ADMIN), ("lia@acme.test", "Lia Prado", Role.EDITOR))
    for email, name, role in (*people, ("olga@acme.test", "", Role.VIEWER)):
        await workspaces.add_member(tx, workspace_id=here, email=email, name=name, role=role, by=boss)
    new = await workspaces.create_user(
        tx, email=NEWCOMER, name="Novo Dono", password=PASSWORD, must_change_password=False
    )
    await workspaces.create_workspace(tx, name="Empty", owner_user_id=new.user.id)


def _lead(dice: random.Random, n: int) -> LeadInput:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    rare = dice.random()
    status = (
        LeadStatus.UNSUBSCRIBED if rare < 0.08 else LeadStatus.BOUNCED if rare < 0.11 else LeadStatus.ACTIVE
    )
    plain = f"{first}.{last}".lower().translate(str.maketrans("áãâçéíóõú", "aaaceioou"))
    return LeadInput(
        email=f"{plain}{n}@{dice.choice(DOMAINS)}",
        name=f"{first} {last}",
        phone=f"+55119{dice.randrange(10**7, 10**8)}" if dice.random() < 0.6 else None,
        status=status,
        tags=tuple(dice.sample(TAGS, dice.randrange(4))),
        fields={"city": dice.choice(CITIES), "points": dice.randrange(900)},
        consent_source="Sign-up form",
        consent_at=datetime(2026, 3, 2, 14, 5, tzinfo=UTC),
    )


async def _campaigns(services: Services, here: int, dice: random.Random) -> None:
    template = await make_template(services.db, here, name="Novidades de maio")
    sandbox = await make_sandbox(services.db, services.keys, here)
    now = datetime.now(UTC)
    plans = [
        ("Boas-vindas de abril", "finished", 26, 21_400),
        ("Pesquisa de satisfação", "finished", 17, 8_150),
        ("Lançamento: coleção de inverno", "finished", 9, 48_300),
        ("Convite para o webinar", "paused", 4, 6_020),
        ("Black Friday: acesso antecipado", "sending", 0, 31_700),
        ("Retrospectiva do ano", "draft", 0, 0),
    ]
    for name, state, days_ago, sent in plans:
        made = await make_campaign(
            services.db, services.keys, here, name=name, template_id=template.id, connection_id=sandbox.id
        )
        if state == "draft":
            continue
        at = now - timedelta(days=days_ago, hours=3)
        async with services.db.trusted() as tx:
            order_id = await tx.value(
                ADD_ORDER,
                workspace_id=here,
                campaign_id=made.id,
                connection_id=sandbox.id,
                content=json_value({"campaign_name": name}),
            )
            await tx.execute(
                SET_CAMPAIGN, workspace_id=here, id=made.id, state=state, order_id=order_id, at=at
            )
            await _results(tx, here, order_id, at=at, sent=sent, dice=dice)


async def _results(tx: Tx, here: int, order_id: int, *, at: datetime, sent: int, dice: random.Random) -> None:
    for hour, share in enumerate((0.6, 0.3, 0.1)):
        when = at + timedelta(hours=hour)
        n = round(sent * share)
        await tx.execute(ADD_COUNT, workspace_id=here, order_id=order_id, at=when, state="accepted", n=n)
    rates = {"open": 0.31 + dice.random() / 10, "click": 0.06 + dice.random() / 40, "unsubscribe": 0.002}
    for kind, rate in rates.items():
        left = sent * rate
        for day in range(5):
            when = at + timedelta(days=day, hours=2)
            if when > datetime.now(UTC):
                break
            n = round(left * 0.6)
            left -= n
            await tx.execute(ADD_EVENTS, workspace_id=here, order_id=order_id, at=when, kind=kind, n=n)


async def _imports(tx: Tx, here: int, by: int) -> None:
    now = datetime.now(UTC)
    mapping = json_value({"Nome": "name", "E-mail": "email", "Cidade": "field:city"})
    common = {"workspace_id": here, "by": by, "mapping": mapping, "total": 120_000}
    done = {"bytes": 4_812_345, "read": 120_000, "created": 98_310, "updated": 14_020, "unchanged": 7_428}
    import_id = await tx.value(
        ADD_IMPORT, **common, **done, state="done", name="clientes-2026.csv", rejected=242, error="",
        at=now - timedelta(days=3), finished=now - timedelta(days=3) + timedelta(seconds=9.4),
    )  # fmt: skip
    reasons = (
        (18, "“ana.souza@” is not an e-mail address", ["Ana Souza", "ana.souza@", "Recife"]),
        (412, "an e-mail, a phone or an external id is needed", ["Bruno Lima", "", "Belém"]),
        (977, "“9123” is not a phone number with its area code", ["Carla", "", "9123"]),
    )
    for line, reason, cells in reasons:
        await tx.execute(
            ADD_REJECT, workspace_id=here, import_id=import_id, line=line, reason=reason, cells=cells
        )
    await tx.value(
        ADD_IMPORT, **common, **dict.fromkeys(done, 0), state="failed", name="planilha.xlsx", rejected=0,
        at=now - timedelta(days=1), finished=now - timedelta(days=1),
        error="The spreadsheet cannot be opened: it is damaged or protected by a password.",
    )  # fmt: skip
    part = {"bytes": 2_990_000, "read": 74_500, "created": 70_020, "updated": 3_100, "unchanged": 1_290}
    await tx.value(
        ADD_IMPORT, **common, **part, state="running", name="feira-de-negocios.csv", rejected=90, error="",
        at=now - timedelta(seconds=6), finished=None,
    )  # fmt: skip
