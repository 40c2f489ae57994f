"""A browser without scripts for handler tests: keeps cookies, sends the last page's token with each form."""

import re
from typing import Any

import httpx
from litestar import Litestar

ORIGIN = "http://testserver"
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]*)">')


class Browser:
    """Talks HTTP to the app in process. Redirects are not followed unless asked for."""

    def __init__(self, app: Litestar, **headers: str) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=ORIGIN, headers=headers, timeout=30
        )
        self.token = ""

    async def get(self, path: str, *, htmx: bool = False, follow: bool = False) -> httpx.Response:
        headers = {"HX-Request": "true"} if htmx else {}
        answer = await self.client.get(path, headers=headers, follow_redirects=follow)
        self._remember(answer)
        return answer

    async def post(
        self,
        path: str,
        data: dict[str, Any] | None = None,
        *,
        htmx: bool = False,
        follow: bool = False,
        **more: Any,
    ) -> httpx.Response:
        if htmx:
            headers = {"HX-Request": "true", "X-CSRFToken": self.token, "Origin": ORIGIN}
            fields = dict(data or {})
        else:
            headers = {"Origin": ORIGIN}
            fields = {"_csrf_token": self.token, **(data or {})}
        headers |= more.pop("headers", {})
        answer = await self.client.post(path, data=fields, headers=headers, follow_redirects=follow, **more)
        self._remember(answer)
        return answer

    async def sign_in(self, email: str, password: str) -> httpx.Response:
        await self.get("/sign-in")
        answer = await self.post("/sign-in", {"email": email, "password": password})
        await self.get("/settings/profile")
        return answer

    def _remember(self, answer: httpx.Response) -> None:
        if found := _TOKEN.search(answer.text):
            self.token = found[1]


def location(answer: httpx.Response) -> str:
    assert answer.status_code == 303, (answer.status_code, answer.text[:500])
    return answer.headers["location"]
