"""Builds the app of the public addresses. There is no middleware: each open and click passes here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State

from mailgenius.edge import forms, pages, preferences, tracking, unsubscribe, view
from mailgenius.engine.tracking.model import SPOOL
from mailgenius.engine.tracking.recorder import Recorder
from mailgenius.engine.tracking.tokens import signer
from mailgenius.kit.services import Services


def create_app(services: Services) -> Litestar:
    """Build the app; its lifespan writes events. The caller opens and closes what `services` holds."""
    recorder = Recorder(services.db, services.settings.home.joinpath(*SPOOL))

    @asynccontextmanager
    async def recording(_: Litestar) -> AsyncIterator[None]:
        async with recorder.running():
            yield

    return Litestar(
        route_handlers=[
            tracking.pixel,
            tracking.click,
            unsubscribe.ask,
            unsubscribe.leave,
            preferences.show,
            preferences.choose,
            view.view,
            forms.show,
            forms.answer,
            forms.ask,
            forms.confirm,
            pages.styles,
        ],
        lifespan=[recording],
        openapi_config=None,
        logging_config=None,
        state=State(
            {
                "services": services,
                "recorder": recorder,
                "signer": signer(services.keys),
                "composers": view.Composers(services),
            }
        ),
    )
