"""Connections by JSON: create, list, read, change, archive. Secrets go in and never come out."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType, field

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, ConnectionId, Id
from mailgenius.api.call import Caller, Done
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, Limits, Routing, WarmUp
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces.model import Permission

SettingValue = str | int | bool | None
Name = Annotated[str, Meta(description="What people call it; unique.", examples=["Main relay"])]
Settings = Annotated[
    dict[str, SettingValue],
    Meta(
        description="smtp: host, port, security (none, starttls, tls), username?, password?. sandbox: none.",
        examples=[{"host": "smtp.example.com", "port": 587, "security": "starttls"}],
    ),
]


class LimitsBody(Body):
    """How fast the connection may be used."""

    per_second: Annotated[int | None, Meta(description="Messages in a second; null for no limit.")] = None
    per_minute: Annotated[int | None, Meta(description="Messages in a minute; null for no limit.")] = None
    per_hour: Annotated[int | None, Meta(description="Messages in an hour; null for no limit.")] = None
    per_day: Annotated[int | None, Meta(description="Messages in a day in UTC; null for no limit.")] = None

    def limits(self) -> Limits:
        return Limits(
            per_second=self.per_second,
            per_minute=self.per_minute,
            per_hour=self.per_hour,
            per_day=self.per_day,
        )


class RoutingBody(Body):
    """When the engine chooses this connection by itself, for what names none."""

    weight: Annotated[int, Meta(description="Its share against the others; 0: never by itself.")] = 100
    sender_domains: Annotated[
        list[str], Meta(description="It takes messages from these domains, and no others; empty: from any.")
    ] = field(default_factory=list)

    def routing(self) -> Routing:
        return Routing(weight=self.weight, sender_domains=tuple(self.sender_domains))


class WarmUpBody(Body):
    """How a new connection earns trust: a ceiling for each day that grows until the target."""

    start: Annotated[int | None, Meta(description="Messages on the first day; null for no warm-up.")] = None
    factor: Annotated[float, Meta(description="How many times more each day.")] = 1.5
    target: Annotated[int | None, Meta(description="The warm-up ends when a day allows so many.")] = None

    def warm_up(self) -> WarmUp:
        return WarmUp(start=self.start, factor=self.factor, target=self.target)


class ConnectionBody(Body):
    """One account at one provider."""

    name: Name
    provider: Annotated[str, Meta(description="`smtp`, `http` or `sandbox`.", examples=["smtp"])]
    channel: Annotated[str, Meta(examples=["email"])] = "email"
    settings: Settings = field(default_factory=dict)
    limits: LimitsBody = field(default_factory=LimitsBody)
    routing: RoutingBody = field(default_factory=RoutingBody)
    warm_up: WarmUpBody = field(default_factory=WarmUpBody)


class ConnectionChanges(Body):
    """What to change of a connection. An absent field or setting stays; a setting of null goes away."""

    name: Name | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    limits: LimitsBody | UnsetType = UNSET
    routing: RoutingBody | UnsetType = UNSET
    warm_up: WarmUpBody | UnsetType = UNSET


class LimitsAnswer(Answer):
    """How fast the connection may be used."""

    per_second: int | None
    per_minute: int | None
    per_hour: int | None
    per_day: int | None


class RoutingAnswer(Answer):
    """When the engine chooses this connection by itself."""

    weight: int
    sender_domains: list[str]


class WarmUpAnswer(Answer):
    """How the connection warms up."""

    start: int | None
    factor: float
    target: int | None


class ConnectionAnswer(Answer):
    """A connection, without its secrets."""

    id: Id
    name: Name
    channel: str
    provider: str
    settings: Settings
    has_secrets: Annotated[bool, Meta(description="Whether a password or key is stored.")]
    limits: LimitsAnswer
    routing: RoutingAnswer
    warm_up: WarmUpAnswer
    ceiling: Annotated[
        int | None, Meta(description="What it may send today: its limit a day, or less while it warms up.")
    ]
    last_error: Annotated[str, Meta(description="Why it did not work the last time; empty when it did.")]
    last_error_at: datetime | None
    created_at: datetime
    archived_at: datetime | None


class ConnectionPage(Answer):
    """The connections in use, by name."""

    items: list[ConnectionAnswer]
    next_cursor: str | None


@post(
    "/connections",
    opt=needs(Permission.CONNECTIONS_WRITE),
    summary="Create a connection",
    description="Nothing is sent and nothing is tried yet.",
)
async def create_connection(call: Caller, data: JSONBody[ConnectionBody]) -> Response[ConnectionAnswer]:
    async def work(tx: Tx) -> Done:
        made = await connections.create(
            tx,
            workspace_id=call.workspace_id,
            name=data.name,
            channel=data.channel,
            provider=data.provider,
            settings=data.settings,
            limits=data.limits.limits(),
            routing=data.routing.routing(),
            warm_up=data.warm_up.warm_up(),
            keys=call.services.keys,
        )
        return Done(body=connection_answer(made))

    return await call.once(work)


@get("/connections", opt=needs(Permission.CONNECTIONS_READ), summary="List connections")
async def list_connections(call: Caller) -> ConnectionPage:
    async with call.tenant() as tx:
        found = await connections.list_connections(tx, workspace_id=call.workspace_id)
    return ConnectionPage(items=[connection_answer(item) for item in found], next_cursor=None)


@get("/connections/{connection_id:int}", opt=needs(Permission.CONNECTIONS_READ), summary="Read a connection")
async def get_connection(call: Caller, connection_id: ConnectionId) -> ConnectionAnswer:
    async with call.tenant() as tx:
        found = await connections.get(tx, workspace_id=call.workspace_id, connection_id=connection_id)
    return connection_answer(found)


@patch(
    "/connections/{connection_id:int}",
    opt=needs(Permission.CONNECTIONS_WRITE),
    summary="Change a connection",
    description="Secrets stay unless given; they must be given again when the connection leads elsewhere.",
)
async def change_connection(
    call: Caller, connection_id: ConnectionId, data: JSONBody[ConnectionChanges]
) -> ConnectionAnswer:
    async with call.tenant() as tx:
        before = await connections.get(tx, workspace_id=call.workspace_id, connection_id=connection_id)
        changed = await connections.update(
            tx,
            workspace_id=call.workspace_id,
            connection_id=connection_id,
            name=before.name if data.name is UNSET else data.name,
            settings=before.settings | ({} if data.settings is UNSET else data.settings),
            limits=before.limits if data.limits is UNSET else data.limits.limits(),
            routing=None if data.routing is UNSET else data.routing.routing(),
            warm_up=None if data.warm_up is UNSET else data.warm_up.warm_up(),
            keys=call.services.keys,
        )
    return connection_answer(changed)


@delete(
    "/connections/{connection_id:int}",
    opt=needs(Permission.CONNECTIONS_WRITE),
    summary="Take a connection out of use",
    description="Its secrets are forgotten. Not possible while messages wait for it.",
)
async def archive_connection(call: Caller, connection_id: ConnectionId) -> None:
    async with call.tenant() as tx:
        await connections.archive(tx, workspace_id=call.workspace_id, connection_id=connection_id)


def connection_answer(connection: Connection) -> ConnectionAnswer:
    return ConnectionAnswer(
        id=str(connection.id),
        name=connection.name,
        channel=connection.channel,
        provider=connection.provider,
        settings=connection.settings,
        has_secrets=connection.has_secrets,
        limits=LimitsAnswer(
            per_second=connection.per_second,
            per_minute=connection.per_minute,
            per_hour=connection.per_hour,
            per_day=connection.per_day,
        ),
        routing=RoutingAnswer(weight=connection.weight, sender_domains=list(connection.sender_domains)),
        warm_up=WarmUpAnswer(
            start=connection.warm_up_start,
            factor=connection.warm_up_factor,
            target=connection.warm_up_target,
        ),
        ceiling=connection.ceiling,
        last_error=connection.last_error,
        last_error_at=connection.last_error_at,
        created_at=connection.created_at,
        archived_at=connection.archived_at,
    )


router = Router(
    "",
    route_handlers=[
        create_connection,
        list_connections,
        get_connection,
        change_connection,
        archive_connection,
    ],
    tags=["Connections"],
)
