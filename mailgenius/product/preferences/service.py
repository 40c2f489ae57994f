"""The rules of topics and choices: what a topic may be, what a choice means, who wants what.

Whose choice it is, and that somebody made it, is written down by leads.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.kit.words import key_of, one_line
from mailgenius.product.preferences import queries
from mailgenius.product.preferences.errors import ChoiceUnclear, TooManyTopics, TopicKeyTaken
from mailgenius.product.preferences.model import ChoiceChanges, Choices, Topic, TopicInput

MAX_TOPICS = 50
"""Topics of one workspace, archived ones too: a person has to read them."""
MAX_NAME, MAX_ABOUT, MAX_PLACE = 100, 300, 1_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_note: audit.Noting[Topic] = audit.noting(lambda topic: (topic.id, topic.name_en))


async def topics(tx: Tx, *, workspace_id: int) -> list[Topic]:
    """Return the topics that are offered, in the order shown."""
    return [each for each in await all_topics(tx, workspace_id=workspace_id) if each.archived_at is None]


async def all_topics(tx: Tx, *, workspace_id: int) -> list[Topic]:
    """Return the topics, those that are archived too."""
    return await queries.list_topics(tx, workspace_id=workspace_id)


async def get_topic(tx: Tx, *, workspace_id: int, topic_id: int) -> Topic:
    """Return one topic, archived or not.

    Raises:
        TopicNotFound: this workspace has no such topic.
    """
    return await queries.get_topic(tx, workspace_id=workspace_id, topic_id=topic_id)


async def create_topic(tx: Tx, *, workspace_id: int, topic: TopicInput) -> Topic:
    """Add a topic. Without a key, one is made of its name.

    Raises:
        Invalid: a value is wrong.
        TopicKeyTaken: there is a topic with this key, perhaps archived.
        TooManyTopics: the workspace has as many as it may.
    """
    clean = _checked(topic)
    await queries.lock_topics(tx, workspace_id=workspace_id)
    if len(await queries.list_topics(tx, workspace_id=workspace_id)) >= MAX_TOPICS:
        raise TooManyTopics(limit=MAX_TOPICS)
    made = await queries.create_topic(tx, workspace_id=workspace_id, topic=clean)
    if made is None:
        raise TopicKeyTaken
    await _note(tx, "topic.created", made, workspace_id=workspace_id)
    return made


async def update_topic(tx: Tx, *, workspace_id: int, topic_id: int, topic: TopicInput) -> Topic:
    """Change what a topic is called, what it says, and what holds for those who never chose. Its key stays.

    Raises:
        TopicNotFound: this workspace has no such topic.
        Invalid: a value is wrong.
    """
    before = await get_topic(tx, workspace_id=workspace_id, topic_id=topic_id)
    clean = _checked(replace(topic, key=before.key))
    after = await queries.update_topic(tx, workspace_id=workspace_id, topic_id=topic_id, topic=clean)
    details = changes(before, after, "name_en", "name_pt", "about_en", "about_pt", "by_default", "place")
    await _note(tx, "topic.changed", after, workspace_id=workspace_id, **details)
    return after


async def archive_topic(tx: Tx, *, workspace_id: int, topic_id: int, archived: bool) -> Topic:
    """Offer a topic no longer, or again. What people chose of it stays. A second run changes nothing.

    Raises:
        TopicNotFound: this workspace has no such topic.
    """
    after = await queries.archive_topic(tx, workspace_id=workspace_id, topic_id=topic_id, archived=archived)
    action = "topic.archived" if archived else "topic.restored"
    await _note(tx, action, after, workspace_id=workspace_id)
    return after


async def choices(tx: Tx, *, workspace_id: int, lead_id: int) -> Choices:
    """Return what a lead chose; that of one that never chose is empty."""
    found = await queries.choices(tx, workspace_id=workspace_id, lead_id=lead_id)
    return found or Choices(lead_id=lead_id)


async def change_choices(tx: Tx, *, workspace_id: int, lead_id: int, wanted: ChoiceChanges) -> Choices:
    """Change what a lead chose, and return all of it. The caller holds the lead.

    Raises:
        ChoiceUnclear: a topic is not offered here.
    """
    before = await choices(tx, workspace_id=workspace_id, lead_id=lead_id)
    after = _chosen(before, wanted, await topics(tx, workspace_id=workspace_id))
    if after == before:
        return before
    if after == Choices(lead_id=lead_id):
        await queries.forget_choices(tx, workspace_id=workspace_id, lead_id=lead_id)
    else:
        await queries.keep_choices(tx, workspace_id=workspace_id, choices=after)
    return after


async def wanting(tx: Tx, *, workspace_id: int, topic_id: int) -> Fragment:
    """Return the condition that a lead wants a topic, for statements that choose an audience.

    Raises:
        TopicNotFound: this workspace has no such topic.
    """
    return choosing(await get_topic(tx, workspace_id=workspace_id, topic_id=topic_id), wants=True)


def choosing(topic: Topic, *, wants: bool, parameter: str = "wanted_topic") -> Fragment:
    """Return the condition that a lead wants a topic, or that it does not; the parameter names the topic."""
    return queries.choosing(topic, wants=wants, parameter=parameter)


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have what a lead chose hold for the one that it is merged into; return whether it had chosen anything.

    What either left is left, and of two wishes how often to be written to the rarer one holds.
    """
    return await queries.follow_lead(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)


def _chosen(before: Choices, wanted: ChoiceChanges, offered: Sequence[Topic]) -> Choices:
    by_key = {topic.key: topic for topic in offered}
    unknown = [key for key in wanted.topics if key not in by_key]
    if unknown:
        raise ChoiceUnclear(problems=[Problem(f"topics.{key}", "is not a topic") for key in unknown])
    named = {by_key[key].id: choice for key, choice in wanted.topics.items()}
    ins = {each for each in before.topics_in if each not in named}
    outs = {each for each in before.topics_out if each not in named}
    ins |= {topic_id for topic_id, choice in named.items() if choice is True}
    outs |= {topic_id for topic_id, choice in named.items() if choice is False}
    return replace(
        before,
        topics_in=tuple(sorted(ins)),
        topics_out=tuple(sorted(outs)),
        frequency=before.frequency if wanted.frequency is None else wanted.frequency,
        language=before.language if wanted.language is None else wanted.language.value,
    )


def _checked(topic: TopicInput) -> TopicInput:
    """Return a topic in normal form; what stands in one language only serves for both."""
    name_en, name_pt = one_line(topic.name_en), one_line(topic.name_pt)
    about_en, about_pt = one_line(topic.about_en), one_line(topic.about_pt)
    problems = [
        Problem(field, f"must have at most {limit} characters")
        for field, text, limit in (
            ("name_en", name_en, MAX_NAME),
            ("name_pt", name_pt, MAX_NAME),
            ("about_en", about_en, MAX_ABOUT),
            ("about_pt", about_pt, MAX_ABOUT),
        )
        if len(text) > limit
    ]
    if not name_en and not name_pt:
        problems.append(Problem("name_en", "a name is needed"))
    key = topic.key.strip() or key_of(name_en or name_pt, otherwise="topic")
    if not _KEY.fullmatch(key) and (name_en or name_pt):
        problems.append(
            Problem("key", "must be a-z, 0-9 and _, beginning with a letter, 63 characters at most")
        )
    if not 0 <= topic.place <= MAX_PLACE:
        problems.append(Problem("place", f"must be a number from 0 to {MAX_PLACE}"))
    if problems:
        raise Invalid(problems=problems)
    return replace(
        topic,
        key=key,
        name_en=name_en or name_pt,
        name_pt=name_pt or name_en,
        about_en=about_en or about_pt,
        about_pt=about_pt or about_en,
    )
