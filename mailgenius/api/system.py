"""What probes and collectors ask, without a key: /healthz, /readyz, /metrics."""

from litestar import Response, Router, get
from prometheus_client import CONTENT_TYPE_LATEST

from mailgenius.engine.tracking.model import SPOOL
from mailgenius.kit.services import Services
from mailgenius.ops import health, metrics


def system_router(services: Services) -> Router:
    @get("/healthz", sync_to_thread=False)
    def alive() -> dict[str, str]:
        """Say that the process runs. Nothing else: a database that is away must not kill processes."""
        return {"status": "alive"}

    @get("/readyz")
    async def ready() -> Response[dict[str, object]]:
        """Say whether requests can be served: 200, or 503 with what is missing."""
        found = await health.readiness(services.db)
        checks = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in found.checks]
        return Response(
            {"status": "ready" if found.ok else "not ready", "checks": checks},
            status_code=200 if found.ok else 503,
        )

    @get("/metrics")
    async def numbers() -> Response[bytes]:
        spool = services.settings.home.joinpath(*SPOOL)
        text = await metrics.exposition(services.db, spool=spool)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return Router("", route_handlers=[alive, ready, numbers], include_in_schema=False)
