"""Connections: the accounts that messages leave through. Listed, made, changed, tried, archived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Router, get, post
from litestar.params import FromPath

from mailgenius.channels.contract import Channel, Outcome, Provider
from mailgenius.channels.errors import UnknownProvider
from mailgenius.channels.registry import provider as provider_of
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.errors import ConnectionNameTaken
from mailgenius.engine.connections.model import Connection
from mailgenius.engine.pacing import service as pacing
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.errors import Invalid, NotFound
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.connections import ConnectionForm, refused
from mailgenius.web.i18n import _
from mailgenius.web.pages.settings.activity_details import in_words
from mailgenius.web.pages.settings.activity_texts import ACTIONS
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/connections"
MOST_TROUBLES: Final = 10


@get(PATH, opt=needs(Permission.CONNECTIONS_READ))
async def connections_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        rows = await connections.list_connections(tx, workspace_id=visit.workspace_id)
        circuits = await connections.circuits(tx, workspace_id=visit.workspace_id)
        holds = await pacing.holds(tx, workspace_id=visit.workspace_id)
    labels = {provider.name: provider.label for provider in connections.providers()}
    return visit.html(
        "connections/list.html",
        connections=rows,
        labels=labels,
        circuits={circuit.connection_id: circuit for circuit in circuits},
        holds=holds,
    )


@get(f"{PATH}/new", opt=needs(Permission.CONNECTIONS_WRITE))
async def new_connection_page(visit: CurrentVisit) -> Page:
    """The choice of a provider, then its form."""
    name = visit.asked("provider")
    if not name:
        return visit.html("connections/choose.html", providers=connections.providers(Channel.EMAIL))
    provider = _provider(name)
    return _form(visit, provider, ConnectionForm.fresh(provider))


@post(PATH, opt=needs(Permission.CONNECTIONS_WRITE))
async def create_connection(visit: CurrentVisit) -> Page:
    posted = await visit.request.form()
    provider = _provider(str(posted.get("provider", "")))
    form = ConnectionForm.read(posted, provider)
    if form.errors:
        return _form(visit, provider, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await connections.create(
                tx,
                workspace_id=visit.workspace_id,
                name=form.name,
                channel=provider.channel,
                provider=provider.name,
                settings=form.settings,
                limits=form.limits,
                routing=form.routing,
                warm_up=form.warm_up,
                keys=visit.services.keys,
            )
    except (Invalid, ConnectionNameTaken) as error:
        return _form(visit, provider, form, refused(error))
    return visit.redirect(
        PATH, Flash("success", _("The connection %(name)s is ready. Try it now.", name=made.name))
    )


@get(f"{PATH}/{{connection_id:int}}", opt=needs(Permission.CONNECTIONS_WRITE))
async def edit_connection_page(visit: CurrentVisit, connection_id: FromPath[int]) -> Page:
    connection = await _get(visit, connection_id)
    provider = _provider(connection.provider)
    async with visit.tenant() as tx:
        troubles = await connections.troubles(
            tx, workspace_id=visit.workspace_id, connection_id=connection_id, limit=MOST_TROUBLES
        )
    told = [(entry.at, _(ACTIONS[entry.action]), in_words(entry.details)) for entry in troubles]
    return _form(visit, provider, ConnectionForm.of(connection), connection=connection, troubles=told)


@post(f"{PATH}/{{connection_id:int}}", opt=needs(Permission.CONNECTIONS_WRITE))
async def update_connection(visit: CurrentVisit, connection_id: FromPath[int]) -> Page:
    connection = await _get(visit, connection_id)
    provider = _provider(connection.provider)
    form = ConnectionForm.read(await visit.request.form(), provider)
    if form.errors:
        return _form(visit, provider, form, form.errors, connection=connection)
    try:
        async with visit.tenant() as tx:
            await connections.update(
                tx,
                workspace_id=visit.workspace_id,
                connection_id=connection_id,
                name=form.name,
                settings=form.settings,
                limits=form.limits,
                routing=form.routing,
                warm_up=form.warm_up,
                keys=visit.services.keys,
            )
    except (Invalid, ConnectionNameTaken) as error:
        return _form(visit, provider, form, refused(error), connection=connection)
    return visit.redirect(PATH, Flash("success", _("The connection was saved.")))


@post(
    f"{PATH}/{{connection_id:int}}/check",
    opt=needs(Permission.CONNECTIONS_WRITE) | unnoted("tries, and keeps what was found"),
)
async def check_connection(visit: CurrentVisit, connection_id: FromPath[int]) -> Page:
    """Connect and sign in without sending. The provider is spoken to outside of any transaction."""
    services = visit.services
    async with visit.tenant() as tx:
        opened = await connections.adapter_for(
            tx,
            workspace_id=visit.workspace_id,
            connection_id=connection_id,
            keys=services.keys,
            home=services.settings.home,
            allow_private_hosts=services.settings.smtp_private_hosts,
        )
    result = await connections.check(opened.adapter)
    works = result.outcome is Outcome.ACCEPTED
    async with visit.tenant() as tx:
        if works:
            await connections.works_again(tx, workspace_id=visit.workspace_id, connection_id=connection_id)
        else:
            await connections.note_error(
                tx,
                workspace_id=visit.workspace_id,
                connection_id=connection_id,
                error=" ".join(filter(None, (result.code, result.reason))),
            )
    if works:
        told = Flash("success", _("%(name)s works.", name=opened.connection.name))
    else:
        reason = result.reason or result.code
        told = Flash(
            "danger", _("%(name)s does not work: %(reason)s", name=opened.connection.name, reason=reason)
        )
    return visit.redirect(PATH, told)


@post(f"{PATH}/{{connection_id:int}}/archive", opt=needs(Permission.CONNECTIONS_WRITE))
async def archive_connection(visit: CurrentVisit, connection_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await connections.archive(tx, workspace_id=visit.workspace_id, connection_id=connection_id)
    return visit.redirect(PATH, Flash("success", _("The connection was archived.")))


async def _get(visit: Visit, connection_id: int) -> Connection:
    async with visit.tenant() as tx:
        return await connections.get(tx, workspace_id=visit.workspace_id, connection_id=connection_id)


def _provider(name: str) -> Provider:
    try:
        return provider_of(name)
    except UnknownProvider as error:
        raise NotFound from error


def _form(
    visit: Visit,
    provider: Provider,
    form: ConnectionForm,
    errors: dict[str, str] | None = None,
    *,
    connection: Connection | None = None,
    troubles: Sequence[tuple[datetime, str, Sequence[tuple[str, str]]]] = (),
) -> Page:
    """Show the form; troubles tell in words when the connection was left alone and worked again."""
    values: dict[str, Any] = {"provider": provider, "form": form, "errors": errors or {}}
    values |= {"connection": connection, "troubles": troubles}
    return visit.html("connections/form.html", code=422 if errors else 200, **values)


router = Router(
    path="",
    route_handlers=[
        connections_page,
        new_connection_page,
        create_connection,
        edit_connection_page,
        update_connection,
        check_connection,
        archive_connection,
    ],
)
