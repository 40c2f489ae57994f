"""Topics for tests."""

from typing import Any

from mailgenius.kit.db.database import Database
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import Topic, TopicInput


async def make_topic(db: Database, workspace_id: int, name: str, **values: Any) -> Topic:
    """Add a topic; its key is made of its name."""
    async with db.tenant(workspace_id) as tx:
        topic = TopicInput(name_en=name, **values)
        return await preferences.create_topic(tx, workspace_id=workspace_id, topic=topic)
