"""The first page after sign-in: how the last thirty days went, and what is under way."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Router, get

from mailgenius.product.analytics import service as analytics
from mailgenius.product.analytics.model import Dashboard, DayPoint
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import OPEN
from mailgenius.web.formats import format_day
from mailgenius.web.i18n import Locale, _
from mailgenius.web.pages.imports.running import Progress
from mailgenius.web.pages.onboarding import current_step, steps_of
from mailgenius.web.visits import MEMBER, CurrentVisit, Page

RECENT: Final = 6


@get("/", opt=MEMBER)
async def dashboard_page(visit: CurrentVisit) -> Page:
    here = visit.workspace_id
    async with visit.tenant() as tx:
        figures = await analytics.dashboard(tx, workspace_id=here, timezone=visit.page.timezone)
        recent = await campaigns.list_campaigns(tx, workspace_id=here, limit=RECENT)
        orders = [each.order_id for each in recent.items if each.order_id is not None]
        summaries = await analytics.campaign_summaries(tx, workspace_id=here, order_ids=orders)
        jobs = (await imports.list_imports(tx, workspace_id=here, limit=10)).items
        steps = await steps_of(tx, visit)
    values: dict[str, Any] = {
        "figures": figures,
        "rates": _rates(figures),
        "chart": _chart(figures.days, visit.page.locale),
        "campaigns": recent.items,
        "summaries": summaries,
        "busy": [(job, Progress.of(job)) for job in jobs if job.state in OPEN],
        "steps": [] if all(step.done for step in steps) else steps,
        "current": current_step(visit, steps),
    }
    if visit.page.is_htmx:
        return visit.block("dashboard/index.html", "busy", **values)
    return visit.html("dashboard/index.html", **values)


def _rates(figures: Dashboard) -> dict[str, float | None]:
    """Opened, clicked and unsubscribed as shares of what was sent."""
    sent = figures.sent

    def share(count: int) -> float | None:
        return count / sent if sent else None

    return {
        "opened": share(figures.opened),
        "clicked": share(figures.clicked),
        "unsubscribed": share(figures.unsubscribed),
    }


def _chart(days: Sequence[DayPoint], locale: Locale) -> dict[str, Any]:
    """The days as `ui.chart` takes them; empty while nothing was sent."""
    if not any(day.sent or day.opened or day.clicked for day in days):
        return {"days": [], "series": []}
    return {
        "days": [format_day(day.day, locale) for day in days],
        "series": [
            {"name": _("Sent"), "values": [day.sent for day in days], "kind": "neutral"},
            {"name": _("Opened"), "values": [day.opened for day in days], "kind": "info"},
            {"name": _("Clicked"), "values": [day.clicked for day in days], "kind": "success"},
        ],
    }


router = Router("/", route_handlers=[dashboard_page])
