"""One typed function for each statement of queries.sql. No decisions here."""

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.preferences.errors import TopicNotFound
from mailgenius.product.preferences.model import Choices, Topic, TopicInput

_SQL = load_queries(__file__)


async def lock_topics(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["lock-topics"], workspace_id=workspace_id)


async def list_topics(tx: Tx, *, workspace_id: int) -> list[Topic]:
    return await tx.all(Topic, _SQL["list-topics"], workspace_id=workspace_id)


async def get_topic(tx: Tx, *, workspace_id: int, topic_id: int) -> Topic:
    return await tx.one(
        Topic, _SQL["get-topic"], missing=TopicNotFound, workspace_id=workspace_id, topic_id=topic_id
    )


async def create_topic(tx: Tx, *, workspace_id: int, topic: TopicInput) -> Topic | None:
    return await tx.first(
        Topic, _SQL["create-topic"], workspace_id=workspace_id, key=topic.key, **_columns(topic)
    )


async def update_topic(tx: Tx, *, workspace_id: int, topic_id: int, topic: TopicInput) -> Topic:
    return await tx.one(
        Topic,
        _SQL["update-topic"],
        missing=TopicNotFound,
        workspace_id=workspace_id,
        topic_id=topic_id,
        **_columns(topic),
    )


async def archive_topic(tx: Tx, *, workspace_id: int, topic_id: int, archived: bool) -> Topic:
    return await tx.one(
        Topic,
        _SQL["archive-topic"],
        missing=TopicNotFound,
        workspace_id=workspace_id,
        topic_id=topic_id,
        archived=archived,
    )


async def choices(tx: Tx, *, workspace_id: int, lead_id: int) -> Choices | None:
    return await tx.first(Choices, _SQL["choices"], workspace_id=workspace_id, lead_id=lead_id)


async def keep_choices(tx: Tx, *, workspace_id: int, choices: Choices) -> None:
    await tx.execute(
        _SQL["keep-choices"],
        workspace_id=workspace_id,
        lead_id=choices.lead_id,
        topics_in=list(choices.topics_in),
        topics_out=list(choices.topics_out),
        frequency=choices.frequency.value,
        language=choices.language,
    )


async def forget_choices(tx: Tx, *, workspace_id: int, lead_id: int) -> None:
    await tx.execute(_SQL["forget-choices"], workspace_id=workspace_id, lead_id=lead_id)


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    return await tx.execute(
        _SQL["follow-lead"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )


def choosing(topic: Topic, *, wants: bool, parameter: str = "wanted_topic") -> Fragment:
    """Return the condition that a lead wants a topic, or that it does not.

    It is for statements over a stretch of leads: they read `leads` under its own name and have the parameters
    workspace_id, after_id and until_id. Most leads are as the topic's default has them, so one look by key
    for each is enough; that nobody differs shows soon only when a stretch is looked at as a whole.
    """
    chosen = _SQL["left-topic" if topic.by_default else "joined-topic"].sql
    exists = f"EXISTS (SELECT FROM ({chosen}) chosen WHERE chosen.lead_id = leads.id)".replace(
        "%(wanted_topic)s", f"%({parameter})s"
    )
    turned_away = wants is not topic.by_default
    return Fragment(
        sql=exists if turned_away else f"NOT {exists}",
        parameters={parameter: topic.id},
        looks_around=turned_away,
    )


def _columns(topic: TopicInput) -> dict[str, str | bool | int]:
    return {
        "name_en": topic.name_en,
        "name_pt": topic.name_pt,
        "about_en": topic.about_en,
        "about_pt": topic.about_pt,
        "by_default": topic.by_default,
        "place": topic.place,
    }
