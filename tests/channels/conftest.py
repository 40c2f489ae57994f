"""Asynchronous tests of this storey run on both event loops: production uses uvloop, some tools the other."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from mailgenius.channels.contract import AdapterContext


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture
def context(tmp_path: Path) -> AdapterContext:
    return AdapterContext(workspace_id=7, connection_id=3, home=tmp_path)
