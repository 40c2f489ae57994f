"""The command `mailgenius demo`."""

import asyncio
import os
import time
from importlib import resources
from typing import Annotated

import typer

from mailgenius.cli.demo.story import SignIn, tell_story
from mailgenius.cli.installation import Host, Port
from mailgenius.cli.output import AsJson, print_json, say
from mailgenius.kit import logs
from mailgenius.kit.config import Settings, load_settings
from mailgenius.processes.services import open_services
from mailgenius.processes.start import Installation, Plan, installation
from mailgenius.processes.supervisor import stopping_on_signals


def demo(
    port: Port = 8000,
    host: Host = "127.0.0.1",
    leave: Annotated[bool, typer.Option("--exit", help="Stop at the end instead of staying up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start with 10,000 sample leads and a campaign sent through the sandbox: nothing leaves this machine.

    A second run finds what the first one made and sends nothing again.
    """
    # The story tells each step, and the processes' own notes would stand between. The operator's wish counts.
    os.environ.setdefault("MAILGENIUS_LOG_LEVEL", "warning")
    settings = load_settings()
    logs.configure(settings.log_format, level=settings.log_level)
    asyncio.run(_demo(settings, Plan(host=host, port=port), leave=leave, as_json=as_json))


async def _demo(settings: Settings, plan: Plan, *, leave: bool, as_json: bool) -> None:
    say("Starting. The first time, this makes a database.")
    stop = asyncio.Event()
    started = time.monotonic()
    with stopping_on_signals(stop.set):
        async with installation(settings, plan, stop) as running:
            say(f"Started in {time.monotonic() - started:.1f} s")
            story = asyncio.create_task(_story(running))
            # An order to stop ends the installation, and with it the story.
            await asyncio.wait({story, running.running}, return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                return
            _farewell(running, story.result(), time.monotonic() - started, as_json=as_json)
            if not leave:
                say("Ctrl-C stops it.")
                await running.running


async def _story(running: Installation) -> SignIn:
    assert running.address is not None  # noqa: S101  # All roles run, and so does HTTP.
    sample = resources.files("mailgenius.cli.demo") / "leads.csv"
    async with open_services(running.settings, connections=2) as services:
        with resources.as_file(sample) as leads:
            return await tell_story(services, address=running.address, leads=leads, tell=say)


def _farewell(running: Installation, sign_in: SignIn, seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json({"address": running.address, "seconds": round(seconds, 1), "sign_in": sign_in})
        return
    say(f"\nReady after {seconds:.0f} s:  {running.address}")
    say(f"Sign in as {sign_in.email} with the password {sign_in.password}")
    if running.first_owner:
        owner = running.first_owner
        say(f"(The installation's owner is {owner.user.email}, password {owner.password}, shown this once.)")
