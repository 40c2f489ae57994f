"""The commands `mailgenius topic …`. A topic is named by its key, which never changes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.services import Services
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.errors import TopicNotFound
from mailgenius.product.preferences.model import Topic, TopicInput

app = typer.Typer(help="Topics: what a workspace writes about.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Key of the topic, as `topic list` shows it.", show_default=False)]


@app.command("list")
def list_topics(
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived, too.")] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List the topics in the order in which people see them."""

    async def work(services: Services) -> list[Topic]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            wanted = preferences.all_topics if archived else preferences.topics
            return await wanted(tx, workspace_id=workspace_id)

    columns = {"id": "Id", "key": "Key", "name_en": "English", "name_pt": "Portuguese"}
    columns |= {"by_default": "Everyone", "place": "Place", "archived_at": "Archived"}
    show_rows(run(work), columns, as_json=as_json)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its public name in English.")],
    name_pt: Annotated[str, typer.Option("--pt", help="In Portuguese; the same when left out.")] = "",
    about: Annotated[str, typer.Option(help="What it brings, in a sentence.")] = "",
    about_pt: Annotated[str, typer.Option(help="The same in Portuguese.")] = "",
    everyone: Annotated[
        bool, typer.Option("--everyone/--who-asks", help="Who gets it that never chose.")
    ] = True,
    place: Annotated[int, typer.Option(help="Where it stands, the lowest first.")] = 0,
    key: Annotated[str, typer.Option(help="a-z, 0-9 and _; made of the name when left out.")] = "",
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Add a topic."""
    topic = TopicInput(
        name_en=name,
        name_pt=name_pt,
        about_en=about,
        about_pt=about_pt,
        by_default=everyone,
        place=place,
        key=key,
    )

    async def work(services: Services) -> Topic:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await preferences.create_topic(tx, workspace_id=workspace_id, topic=topic)

    made = run(work)
    show(made, f"Topic {made.key} ({made.name_en}) added.", as_json=as_json)


@app.command("change")
def change(
    key: Key,
    name: Annotated[str | None, typer.Option(help="Its public name in English.")] = None,
    name_pt: Annotated[str | None, typer.Option("--pt", help="In Portuguese.")] = None,
    about: Annotated[str | None, typer.Option(help="What it brings, in a sentence.")] = None,
    about_pt: Annotated[str | None, typer.Option(help="The same in Portuguese.")] = None,
    everyone: Annotated[
        bool | None, typer.Option("--everyone/--who-asks", help="Who gets it that never chose.")
    ] = None,
    place: Annotated[int | None, typer.Option(help="Where it stands, the lowest first.")] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Rename a topic or change what else it says. What is left out stays, and so does its key."""

    async def act(tx: Tx, workspace_id: int, before: Topic) -> Topic:
        topic = TopicInput(
            name_en=before.name_en if name is None else name,
            name_pt=before.name_pt if name_pt is None else name_pt,
            about_en=before.about_en if about is None else about,
            about_pt=before.about_pt if about_pt is None else about_pt,
            by_default=before.by_default if everyone is None else everyone,
            place=before.place if place is None else place,
        )
        return await preferences.update_topic(tx, workspace_id=workspace_id, topic_id=before.id, topic=topic)

    changed = _on(key, workspace, act)
    show(changed, f"Topic {changed.key} ({changed.name_en}) changed.", as_json=as_json)


@app.command("archive")
def archive(key: Key, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Offer a topic to nobody any more. What people chose of it stays."""

    async def act(tx: Tx, workspace_id: int, topic: Topic) -> Topic:
        return await preferences.archive_topic(
            tx, workspace_id=workspace_id, topic_id=topic.id, archived=True
        )

    show(_on(key, workspace, act), f"Topic {key} archived.", as_json=as_json)


@app.command("restore")
def restore(key: Key, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Offer an archived topic again."""

    async def act(tx: Tx, workspace_id: int, topic: Topic) -> Topic:
        return await preferences.archive_topic(
            tx, workspace_id=workspace_id, topic_id=topic.id, archived=False
        )

    show(_on(key, workspace, act), f"Topic {key} is back.", as_json=as_json)


def _on(key: str, workspace: str, act: Callable[[Tx, int, Topic], Awaitable[Topic]]) -> Topic:
    """Find a topic by its key, archived or not, and do something with it."""

    async def work(services: Services) -> Topic:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            for topic in await preferences.all_topics(tx, workspace_id=workspace_id):
                if topic.key == key:
                    return await act(tx, workspace_id, topic)
        raise TopicNotFound

    return run(work)
