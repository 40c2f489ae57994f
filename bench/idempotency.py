"""Posts every message three times at once while the API is killed; exactly one message each must remain.

    python bench/idempotency.py [--posts 10000] [--kills 5]

Starts an installation of its own in a temporary home. Each post carries an Idempotency-Key; its three callers
try again after a broken connection, a 409 and a 503, as a careful customer does, until a 201. At the
end all three must have heard of the same message, and there must be as many messages as posts. While the API
is away all callers wait for it together: thousands that knock all the time would only keep it from starting.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

from mailgenius.kit.ports import free_port

CALLERS = 3
AT_ONCE = 48
TRY_AGAIN = {409, 500, 502, 503}
PATIENCE_S = 600
STOP_S = 180
LOOK_S = 0.2
PROGRESS_S = 15.0
LONGEST_WAIT_S = 1.0


@dataclass
class Run:
    """What the posts came to."""

    address: str
    headers: dict[str, str]
    body: dict[str, object]
    heard: dict[int, set[str]] = field(default_factory=dict)
    broken: int = 0
    in_flight: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)
    """The API answers, as far as we know."""


async def post(run: Run, session: aiohttp.ClientSession, number: int) -> None:
    """Post one message until it is answered well."""
    body = run.body | {"to": f"person{number}@example.com", "data": {"n": number}}
    deadline = time.monotonic() + PATIENCE_S
    pause = 0.05
    while time.monotonic() < deadline:
        await run.up.wait()
        try:
            async with session.post(
                "/api/v1/messages", json=body, headers={"Idempotency-Key": f"post-{number}"}
            ) as answer:
                if answer.status == 201:
                    run.heard.setdefault(number, set()).add((await answer.json())["id"])
                    return
                if answer.status not in TRY_AGAIN:
                    raise SystemExit(f"post {number}: {answer.status} {await answer.text()}")
                run.in_flight += answer.status == 409
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            run.broken += 1
            run.up.clear()
        await asyncio.sleep(random.uniform(pause / 2, pause))
        pause = min(pause * 2, LONGEST_WAIT_S)
    raise SystemExit(f"post {number} was not answered in {PATIENCE_S} s")


async def post_all(run: Run, posts: int, done: asyncio.Event) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def thrice(session: aiohttp.ClientSession, number: int) -> None:
        async with room:
            await asyncio.gather(*(post(run, session, number) for _ in range(CALLERS)))

    limits = aiohttp.TCPConnector(limit=AT_ONCE * CALLERS)
    async with aiohttp.ClientSession(
        base_url=run.address, headers=run.headers, connector=limits, timeout=aiohttp.ClientTimeout(total=30)
    ) as session:
        await asyncio.gather(*(thrice(session, number) for number in range(posts)))
    done.set()


async def watch(run: Run, posts: int, done: asyncio.Event) -> None:
    """Let the callers know when the API is back, and people how far it is."""
    told = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(base_url=run.address, timeout=timeout) as session:
        while not done.is_set():
            if not run.up.is_set() and await _answers(session):
                run.up.set()
            if time.monotonic() - told > PROGRESS_S:
                told = time.monotonic()
                print(f"{len(run.heard)} of {posts} posts answered", file=sys.stderr, flush=True)
            await asyncio.sleep(LOOK_S)


async def _answers(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, ConnectionError, TimeoutError):
        return False


async def kill_api(run: Run, pid: int, *, posts: int, kills: int, done: asyncio.Event) -> int:
    """Kill whatever serves HTTP, spread over the run; return how often."""
    killed = 0
    while killed < kills and not done.is_set():
        if len(run.heard) >= posts * (killed + 0.5) / kills:
            killed += _kill(pid)
        await asyncio.sleep(0.05)
    return killed


def _kill(pid: int) -> bool:
    """Kill the HTTP child and its worker at once."""
    for child in psutil.Process(pid).children():
        try:
            if "http" not in child.cmdline():
                continue
            for victim in [*child.children(recursive=True), child]:
                os.kill(victim.pid, signal.SIGKILL)
        except (psutil.Error, ProcessLookupError):
            continue
        return True
    return False


def command(home: Path, *words: str) -> dict[str, str]:
    """Run a short command of the product and return its JSON."""
    found = subprocess.run(
        [sys.executable, "-m", "mailgenius", *words, "--json"],
        env=environment(home), check=True, capture_output=True, text=True, timeout=120,
    ).stdout  # fmt: skip
    result: dict[str, str] = json.loads(found.strip().splitlines()[-1])
    return result


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILGENIUS_")}
    return kept | {"MAILGENIUS_HOME": str(home)}


def measure(posts: int, kills: int, home: Path) -> dict[str, object]:
    """Do it all in a home, and return the figures."""
    log = (home / "run.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "mailgenius", "run", "--json", "--roles", "web", "--port", str(free_port())],
        env=environment(home), stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    try:
        address = json.loads(process.stdout.readline() if process.stdout else "{}")["address"]
        command(home, "connection", "create", "Nowhere", "--provider", "sandbox")
        key = command(home, "apikey", "create", "--name", "Bench")["key"]
        run = Run(
            address=address,
            headers={"Authorization": f"Bearer {key}"},
            body={
                "content": {"subject": "Number {{ data.n }}", "text": "Number {{ data.n }}"},
                "sender": {"email": "shop@example.com"},
            },
        )
        started = time.monotonic()
        killed = asyncio.run(_drive(run, process.pid, posts, kills))
        seconds = time.monotonic() - started
        counted = asyncio.run(_count(run))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=STOP_S)
        log.close()
    return {
        "posts": posts,
        "callers": CALLERS,
        "kills": killed,
        "messages": counted,
        "two_answers": sum(len(ids) != 1 for ids in run.heard.values()),
        "shared_ids": posts - len(set().union(*run.heard.values())),
        "broken_connections": run.broken,
        "in_flight_answers": run.in_flight,
        "seconds": round(seconds, 1),
    }


async def _drive(run: Run, pid: int, posts: int, kills: int) -> int:
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        killing = group.create_task(kill_api(run, pid, posts=posts, kills=kills, done=done))
        group.create_task(watch(run, posts, done))
        group.create_task(post_all(run, posts, done))
    return killing.result()


async def _count(run: Run) -> int:
    """Count the workspace's messages as its customer can: page by page."""
    count, cursor = 0, ""
    async with aiohttp.ClientSession(base_url=run.address, headers=run.headers) as session:
        while True:
            query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            async with session.get("/api/v1/messages", params=query) as answer:
                page = await answer.json()
            count += len(page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return count


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgenius-idempotency-") as folder:
        found = measure(asked.posts, asked.kills, Path(folder))
    holds = (
        found["messages"] == asked.posts
        and found["two_answers"] == found["shared_ids"] == 0
        and found["kills"] == asked.kills
    )
    print(json.dumps(found | {"verdict": "pass" if holds else "FAIL"}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
