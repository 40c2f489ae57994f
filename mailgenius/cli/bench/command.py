"""The commands `mailgenius bench …`."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.cli.bench.bulk import bench_bulk
from mailgenius.cli.bench.ingest import bench_ingest
from mailgenius.cli.bench.messages import bench_messages
from mailgenius.cli.output import AsJson, say, show
from mailgenius.kit.config import load_settings
from mailgenius.ops.bench_import import bench_import
from mailgenius.ops.bench_leads import LeadsBench, bench_leads, told
from mailgenius.ops.bench_send import bench_send
from mailgenius.processes.scaling import parse_span


class Signing(StrEnum):
    """What signs the messages of a bench."""

    NONE = "none"
    RSA = DkimAlgorithm.RSA.value
    ED25519 = DkimAlgorithm.ED25519.value


app = typer.Typer(
    help="How fast this machine is, beside its own limit. Leaves nothing behind.", no_args_is_help=True
)


@app.command("import")
def import_rows(
    rows: Annotated[int, typer.Option(min=1000, help="Rows of the file.")] = 1_000_000,
    consent: Annotated[
        bool, typer.Option("--consent", help="Also with a legal basis for the whole file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time an import, and the same file again, beside a plain COPY into the same indexed table."""
    result = uvloop.run(bench_import(rows=rows, consent=consent, home=load_settings().home, progress=say))
    words = (
        f"Import: {result.rows:,} rows in {result.seconds} s, {result.rate:,} rows a second\n"
        f"COPY:   {result.limit_rows:,} rows in {result.limit_seconds} s, {result.limit:,} rows a second\n"
        f"Ratio:  {result.ratio} times as long; at most {result.peak_rss_mb} MB of memory\n"
        f"Again:  {result.again_seconds} s, {result.again_rate:,} rows a second, {result.again_ratio} times "
        f"the first rate; {result.again_rewritten:,} rows rewritten"
    )
    if len(result.million_rates) > 1:
        rates = " ".join(f"{rate:,}" for rate in result.million_rates)
        words += f"\nMillions: {rates} rows a second; the whole at {result.steadiness} of the first"
    if result.consent_ratio:
        words += (
            f"\nWith a legal basis: {result.consent_seconds} s, {result.consent_rate:,} rows a second, "
            f"{result.consent_ratio} times as long"
        )
    show(asdict(result), words, as_json=as_json)


@app.command("send")
def send(
    messages: Annotated[int, typer.Option(min=100, help="Recipients of the campaign.")] = 50_000,
    engines: Annotated[
        int, typer.Option(min=0, max=64, help="Engine processes; 0: as many as this machine would run.")
    ] = 0,
    dkim: Annotated[Signing, typer.Option(help="Sign each message for its sender's domain.")] = Signing.NONE,
    as_json: AsJson = False,
) -> None:
    """Time a campaign to a local SMTP sink beside smtp-source against the same sink."""
    result = uvloop.run(
        bench_send(
            messages=messages,
            home=load_settings().home,
            engines=engines or parse_span("").most,
            dkim=None if dkim is Signing.NONE else DkimAlgorithm(dkim),
            progress=say,
        )
    )
    words = (
        f"Campaign: {result['messages']:,} messages in {result['seconds']} s, {result['rate']:,} a second, "
        f"{result['message_bytes']:,} bytes each, {result['engines']} engines, DKIM: {result['dkim']}\n"
        f"Limit:    {result['limit']:,} a second by {result['limit_source']}, "
        f"{result['limit_bytes']:,} bytes each\n"
        f"Ratio:    {result['ratio']}"
    )
    if "engine_cpu_us" in result:
        words += (
            f"\nA message: {result['engine_cpu_us']} µs of processor time in the engines, "
            f"{result['postgres_cpu_us']} in PostgreSQL, {result['sink_cpu_us']} in the sink; "
            f"in the second half of the run {result['cost_growth']} times that of the first\n"
            f"Memory:   {result['engine_rss_mb_start']} MB an engine after a tenth of the run, "
            f"{result['engine_rss_mb_end']} MB at its end"
        )
    show(result, words, as_json=as_json)


@app.command("bulk")
def bulk(
    rows: Annotated[int, typer.Option(min=1000, help="Leads to act on.")] = 200_000,
    as_json: AsJson = False,
) -> None:
    """Time acts on many leads and exports beside one plain UPDATE of the same rows."""
    result = uvloop.run(bench_bulk(rows=rows))
    lines = [
        f"{name + ':':12} {taken} s, {result.rates[name]:,} a second, ratio {result.ratios[name]}"
        for name, taken in result.seconds.items()
    ]
    first = f"UPDATE:      {result.limit_seconds} s, {result.leads:,} leads"
    memory = f"Memory:      {result.export_growth_mb} MB more for the exports"
    show(result, "\n".join([first, *lines, memory]), as_json=as_json)


@app.command("ingest")
def ingest(
    rows: Annotated[int, typer.Option(min=5000, help="Leads to post in batches.")] = 200_000,
    singles: Annotated[int, typer.Option(min=1000, help="Leads to post one by one.")] = 15_000,
    target: Annotated[
        int, typer.Option(min=2, help="Single leads a second; the waiting times are taken at half of it.")
    ] = 1_500,
    http_workers: Annotated[int, typer.Option(min=1, help="HTTP processes, as `run` would start them.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Time leads posted to the API, in batches and one by one from 64 connections, beside a plain COPY."""
    result = uvloop.run(bench_ingest(rows=rows, singles=singles, target=target, http_workers=http_workers))
    words = (
        f"Batches: {result.batch_rate:,.0f} leads a second, {result.batch:,} a call\n"
        f"         {_shares(result.batch_us)}\n"
        f"COPY:    {result.limit:,.0f} rows a second; ratio {result.ratio}\n"
        f"         {_shares(result.limit_us)}\n"
        f"Singles: {result.single_rate:,.0f} leads a second from {result.connections} connections\n"
        f"         {_shares(result.single_us)}\n"
        f"Waiting: {result.p50_ms} ms in the middle, {result.p99_ms} ms at the 99th percentile,"
        f" at {result.half_load:,.0f} a second"
    )
    show(result, words, as_json=as_json)


def _shares(microseconds: dict[str, float]) -> str:
    shares = ", ".join(f"{name} {each}" for name, each in microseconds.items())
    return f"{sum(microseconds.values()):,.1f} us of processor time each: {shares}"


@app.command("messages")
def messages(
    messages: Annotated[int, typer.Option(min=1000, help="Messages to post.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time transactional messages posted to the API in batches, beside a plain COPY of as many rows."""
    result = uvloop.run(bench_messages(messages))
    words = (
        f"Posted: {result.messages:,} messages in {result.seconds} s, {result.rate:,.0f} a second\n"
        f"COPY:   {result.limit:,.0f} rows a second\n"
        f"Ratio:  {result.ratio}"
    )
    show(result, words, as_json=as_json)


@app.command("leads")
def leads(
    rows: Annotated[int, typer.Option(min=10_000, help="Leads of the big workspace.")] = 1_000_000,
    folder: Annotated[
        Path | None, typer.Option(help="Where the leads are kept from run to run; by default in the home.")
    ] = None,
    times: Annotated[int, typer.Option(min=5, help="How often each list is asked for.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Time lists and searches of leads in a big workspace beside nine small ones, with their plans."""
    place = folder or load_settings().home / f"bench-leads-{rows}"
    result = uvloop.run(bench_leads(rows=rows, folder=place, times=times, progress=say))
    show(asdict(result), _table(result), as_json=as_json)


def _table(result: LeadsBench) -> str:
    lines = [f"{'':45} {'p50':>7} {'p95':>7} {'worst':>7} {'cpu':>7} ms"]
    for line in result.lines:
        lines.append(told(line))
        lines += [f"    {scan}" for scan in line.scans]
    lines += [
        f"Leads: {result.rows:,}; one lead's page {result.one_lead_p95_ms} ms",
        f"Worst p95 {result.worst_p95_ms} ms, worst of all {result.worst_ms} ms",
        f"Whole table read by: {', '.join(result.sequential) or 'none'}",
    ]
    return "\n".join(lines)
