"""The commands that concern the installation as a whole: `run`, `migrate`, `doctor`."""

import asyncio
from contextlib import ExitStack
from typing import Annotated

import typer

from mailgenius.cli.exits import Exit
from mailgenius.cli.output import AsJson, print_json, say, show
from mailgenius.kit import logs
from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.migrations import migrate as migrate_database
from mailgenius.kit.errors import Unavailable
from mailgenius.ops import doctor as examination, secret_key
from mailgenius.ops.doctor import Finding, Verdict
from mailgenius.processes.presence import alive
from mailgenius.processes.roles import Child, Role, parse_roles
from mailgenius.processes.scaling import parse_span
from mailgenius.processes.services import database_server
from mailgenius.processes.start import Installation, Plan, check_port, installation
from mailgenius.processes.supervisor import stopping_on_signals
from mailgenius.web.assets import AssetsNotBuiltError, manifest

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of pages, API and public endpoints.")]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all of this machine's.")]

MARKS = {Verdict.GOOD: "ok      ", Verdict.WARNING: "warning ", Verdict.BROKEN: "BROKEN  "}


def run(
    roles: Annotated[
        str, typer.Option(help=f"Which parts to run, separated by commas: {', '.join(Role)}.")
    ] = ",".join(Role),
    port: Port = 8000,
    host: Host = "127.0.0.1",
    http_workers: Annotated[int, typer.Option(min=1, help="HTTP processes that share the port.")] = 1,
    engines: Annotated[
        str,
        typer.Option(
            metavar="MIN..MAX",
            help="Engine processes, started and stopped by need; or one number."
            " By default 1 to as many as there are cores.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run the installation, or some of its roles, until Ctrl-C or SIGTERM."""
    settings = load_settings()
    logs.configure(settings.log_format, level=settings.log_level)
    plan = Plan(
        roles=parse_roles(roles),
        host=host,
        port=port,
        http_workers=http_workers,
        engines=parse_span(engines or settings.engines),
    )
    asyncio.run(_run(settings, plan, as_json=as_json))


async def _run(settings: Settings, plan: Plan, *, as_json: bool) -> None:
    stop = asyncio.Event()
    with stopping_on_signals(stop.set):
        async with installation(settings, plan, stop) as running:
            if not stop.is_set():
                announce(running, as_json=as_json)
            await running.running
    say("Stopped.")


def announce(running: Installation, *, as_json: bool) -> None:
    """Say where the installation is and, once, how its owner signs in."""
    owner = running.first_owner
    if as_json:
        sign_in = {"email": owner.user.email, "password": owner.password} if owner else None
        print_json({"address": running.address, "first_owner": sign_in})
        return
    if owner:
        say(f"Sign in as {owner.user.email} with the password {owner.password}")
        say("It is shown this once; you choose your own at the first sign-in.")
    where = f"MailGenius is ready at {running.address}" if running.address else "MailGenius is running"
    say(f"{where} (Ctrl-C stops it)")


def migrate(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The secret key was lost: go on with the present one, for good.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to this release. `run` does it by itself."""
    settings = load_settings()
    with database_server(settings) as url:
        applied = migrate_database(url)
        if new_key:
            asyncio.run(secret_key.renew(url, settings))
    words = f"Applied: {', '.join(applied)}" if applied else "The database is up to date."
    show({"applied": applied}, words, as_json=as_json)


def doctor(port: Port = 8000, host: Host = "127.0.0.1", as_json: AsJson = False) -> None:
    """Examine the installation and say how to mend what is wrong."""
    settings = load_settings()
    with ExitStack() as stack:
        findings = [
            *examination.examine(settings, lambda: stack.enter_context(database_server(settings))),
            _assets(),
            _port(settings, host, port),
        ]
    healthy = all(finding.verdict is not Verdict.BROKEN for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "findings": findings})
    else:
        for finding in findings:
            print(f"{MARKS[finding.verdict]} {finding.check}: {finding.detail}")
            if finding.mending:
                print(f"    {finding.mending}")
    if not healthy:
        raise typer.Exit(Exit.DEFECT)


def _assets() -> Finding:
    try:
        manifest()
    except AssetsNotBuiltError:
        return examination.broken(
            "Assets", "scripts and styles of the screens are not built", "Run: make assets"
        )
    return examination.good("Assets", "built")


def _port(settings: Settings, host: str, port: int) -> Finding:
    if alive(settings.home, Child.HTTP):
        return examination.good("Port", "this installation is running")
    try:
        check_port(host, port)
    except Unavailable as error:
        return examination.warning("Port", error.message, "Choose another: mailgenius run --port PORT")
    return examination.good("Port", f"{port} is free")
