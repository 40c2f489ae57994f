"""Doing together what is asked for at the same time: one commit for many, each with its own answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")


class Together(Generic[Asked, Given]):
    """Hands what waits to `work`, all at once, as soon as the work before is done.

    Who comes alone goes at once, and those that arrive meanwhile go together. Only after several went
    together, the next ones are given a moment: those who were just answered may be about to ask again, and
    without it the first of them would go alone and the others wait for it. Belongs to one event loop.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Asked]], Awaitable[Sequence[Given | Exception]]],
        *,
        most: int,
        moment: timedelta,
    ) -> None:
        """Take the work: it gives an answer or an error for each thing asked, in order. `most` go at once."""
        self._work = work
        self._most = most
        self._moment_s = moment.total_seconds()
        self._waiting: list[tuple[Asked, asyncio.Future[Given]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Given:
        """Return the answer to this one.

        Raises:
            Exception: what the work answered, or what it died of.
        """
        future: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._answer(now)
            if len(now) > 1 and len(self._waiting) < len(now):
                await asyncio.sleep(self._moment_s)
        self._runner = None

    async def _answer(self, now: Sequence[tuple[Asked, asyncio.Future[Given]]]) -> None:
        answers: Sequence[Given | Exception]
        try:
            answers = await self._work([asked for asked, _ in now])
        except Exception as error:  # noqa: BLE001  # Raised where each caller waits.
            answers = [error] * len(now)
        for (_, future), answer in zip(now, answers, strict=True):
            if future.done():
                continue  # The caller went away; what it asked for is done all the same.
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
