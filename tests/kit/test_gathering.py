"""What is asked for at the same time goes together, and each caller gets its own answer."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from mailgenius.kit.gathering import Together


async def test_those_that_arrive_during_the_work_go_together():
    rounds: list[list[int]] = []
    go_on = asyncio.Event()

    async def work(asked: Sequence[int]) -> list[int | Exception]:
        rounds.append(list(asked))
        await go_on.wait()
        return [ValueError(each) if each == 3 else each * 10 for each in asked]

    together = Together(work, most=4, moment=timedelta(0))
    first = asyncio.create_task(together.ask(0))
    while not rounds:
        await asyncio.sleep(0)
    later = [asyncio.create_task(together.ask(each)) for each in range(1, 7)]
    await asyncio.sleep(0)
    later[0].cancel()  # Who goes away takes nobody along.
    go_on.set()
    answers = await asyncio.gather(first, *later, return_exceptions=True)
    assert rounds == [[0], [1, 2, 3, 4], [5, 6]]
    assert answers[0] == 0
    assert [str(each) for each in answers[2:]] == ["20", "3", "40", "50", "60"]
    assert isinstance(answers[3], ValueError)


async def test_when_the_work_dies_everybody_hears_of_it_and_the_next_is_done():
    async def work(asked: Sequence[int]) -> list[int | Exception]:
        if 0 in asked:
            raise LookupError
        return list(asked)

    together = Together(work, most=9, moment=timedelta(0))
    answers = await asyncio.gather(together.ask(0), together.ask(1), return_exceptions=True)
    assert [type(each) for each in answers] == [LookupError, LookupError]
    assert await together.ask(2) == 2


async def test_those_who_were_answered_together_go_together_again():
    rounds: list[int] = []

    async def work(asked: Sequence[int]) -> list[int | Exception]:
        rounds.append(len(asked))
        await asyncio.sleep(0)
        return list(asked)

    together = Together(work, most=9, moment=timedelta(milliseconds=100))

    async def caller(number: int) -> None:
        for _ in range(3):
            await together.ask(number)
            for _ in range(3 * number):  # They are not equally quick.
                await asyncio.sleep(0)

    await asyncio.gather(*(caller(number) for number in range(5)))
    assert rounds[0] == 5
    assert len(rounds) < 8, "without a moment between them there are nine or more"
