"""The commands `mailgenius domain …`. A private key is never printed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

import typer

from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.cli.output import AsJson, print_json, say, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.engine.sender_domains import service as sender_domains
from mailgenius.engine.sender_domains.errors import DomainMissing
from mailgenius.engine.sender_domains.model import Finding, SenderDomain
from mailgenius.kit.services import Services

app = typer.Typer(help="Sender domains: their DNS records and DKIM keys.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain, such as example.com.")]


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of the DNS that a domain should have, and what the last check found."""

    kind: str
    name: str
    text: str
    """What to publish for a key; what was found of SPF and DMARC."""
    state: str
    """What the key is used for; empty for the others."""
    found: Finding
    needed_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A domain as it is printed."""

    id: int
    domain: str
    signing: bool
    checked_at: datetime | None
    records: list[Record]

    @classmethod
    def of(cls, domain: SenderDomain) -> Self:
        records = [
            Record(
                kind=f"DKIM {key.algorithm}",
                name=key.record_name(domain.domain),
                text=key.record,
                state=key.state,
                found=key.found,
                needed_until=key.record_until,
            )
            for key in domain.keys
        ]
        spf = Record(kind="SPF", name=domain.domain, text=domain.spf_record, state="", found=domain.spf)
        name = f"_dmarc.{domain.domain}"
        dmarc = Record(kind="DMARC", name=name, text=domain.dmarc_record, state="", found=domain.dmarc)
        return cls(
            id=domain.id,
            domain=domain.domain,
            signing=domain.signing,
            checked_at=domain.checked_at,
            records=[*records, spf, dmarc],
        )


@app.command("list")
def list_domains(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the sender domains of a workspace."""

    async def work(services: Services) -> list[SenderDomain]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await sender_domains.list_domains(tx, workspace_id=workspace_id)

    columns = {"id": "Id", "domain": "Domain", "signing": "Signs", "spf": "SPF", "dmarc": "DMARC"}
    show_rows(run(work), columns | {"checked_at": "Checked"}, as_json=as_json)


@app.command("add")
def add(
    domain: Name,
    algorithm: Annotated[
        list[DkimAlgorithm] | None, typer.Option(help="What its keys are for; rsa when left out. Repeat it.")
    ] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Add a domain, make its keys and show the records to publish. Nothing is signed yet."""

    async def work(services: Services) -> SenderDomain:
        workspace_id = await workspace_id_of(services, workspace)
        pairs = await sender_domains.make_keys(algorithm or [DkimAlgorithm.RSA])
        async with services.db.tenant(workspace_id) as tx:
            return await sender_domains.add(
                tx, workspace_id=workspace_id, domain=domain, pairs=pairs, keys=services.keys
            )

    _show(run(work), as_json=as_json)


@app.command("show")
def show_domain(domain: Name, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Show the records that a domain needs, and what the last check found."""

    async def act(_services: Services, _workspace_id: int, found: SenderDomain) -> SenderDomain:
        return found

    _show(_on(domain, workspace, act), as_json=as_json)


@app.command("check")
def check(domain: Name, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Ask the DNS for the records of a domain. A key that is seen signs from then on."""

    async def act(services: Services, workspace_id: int, found: SenderDomain) -> SenderDomain:
        findings = await sender_domains.look_up(services.dns, found)
        async with services.db.tenant(workspace_id) as tx:
            return await sender_domains.note_findings(
                tx, workspace_id=workspace_id, domain_id=found.id, findings=findings
            )

    _show(_on(domain, workspace, act), as_json=as_json)


@app.command("signing")
def signing(
    domain: Name,
    switch: Annotated[Switch, typer.Argument(help="Whether its messages are signed.")],
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Switch signing on, once a check has seen a key, or off."""

    async def act(services: Services, workspace_id: int, found: SenderDomain) -> SenderDomain:
        async with services.db.tenant(workspace_id) as tx:
            return await sender_domains.set_signing(
                tx, workspace_id=workspace_id, domain_id=found.id, signing=switch is Switch.ON
            )

    _show(_on(domain, workspace, act), as_json=as_json)


@app.command("rotate")
def rotate(domain: Name, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Make new keys. Each signs as soon as a check sees its record; until then the old one does."""

    async def act(services: Services, workspace_id: int, found: SenderDomain) -> SenderDomain:
        pairs = await sender_domains.make_keys(found.algorithms)
        async with services.db.tenant(workspace_id) as tx:
            return await sender_domains.rotate(
                tx, workspace_id=workspace_id, domain_id=found.id, pairs=pairs, keys=services.keys
            )

    _show(_on(domain, workspace, act), as_json=as_json)


@app.command("delete")
def delete(
    domain: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Forget a domain and its keys for good. Its messages leave unsigned."""
    if not yes:
        typer.confirm(f"Delete {domain} and its keys? This cannot be undone.", abort=True)

    async def act(services: Services, workspace_id: int, found: SenderDomain) -> SenderDomain:
        async with services.db.tenant(workspace_id) as tx:
            await sender_domains.remove(tx, workspace_id=workspace_id, domain_id=found.id)
        return found

    gone = _on(domain, workspace, act)
    show({"id": gone.id, "deleted": True}, f"Domain {gone.domain} deleted.", as_json=as_json)


def _on(
    name: str, workspace: str, act: Callable[[Services, int, SenderDomain], Awaitable[SenderDomain]]
) -> SenderDomain:
    """Find a domain by its name and do something with it, outside of the transaction that found it."""
    wanted = sender_domains.domain_name(name)

    async def work(services: Services) -> SenderDomain:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            every = await sender_domains.list_domains(tx, workspace_id=workspace_id)
        found = next((each for each in every if each.domain == wanted), None)
        if found is None:
            raise DomainMissing
        return await act(services, workspace_id, found)

    return run(work)


def _show(domain: SenderDomain, *, as_json: bool) -> None:
    """Print a domain. A record takes a line for each part, because people copy it."""
    shown = Shown.of(domain)
    if as_json:
        print_json(shown)
        return
    say(f"{shown.domain}: messages are {'signed' if shown.signing else 'not signed'}.")
    for record in shown.records:
        state = f", {record.state}" if record.state else ""
        fields = {f"{record.kind}{state}": record.found, "  name": record.name, "  text": record.text}
        if record.needed_until:
            fields["  needed until"] = f"{record.needed_until:%Y-%m-%d}"
        show_fields(record, fields, as_json=False)
