"""Dead letters: the list with its filters, one explained, and replaying or discarding some or all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from litestar import Router, get, post
from litestar.params import FromPath

from mailgenius.engine.dead_letters import service as dead_letters
from mailgenius.engine.dead_letters.model import Act, DeadFilter, Done, Explanation
from mailgenius.engine.ledger.dead import DeadCount
from mailgenius.engine.ledger.model import DEAD
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import N_, _, ngettext, pgettext
from mailgenius.web.security import safe_path
from mailgenius.web.templating import Flash
from mailgenius.web.texts import reason as translated
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/dead-letters"
PAGE_SIZE: Final = 50
MOST_CAMPAIGNS: Final = 100
MOST_CODES: Final = 50
FILTERS: Final = ("reason", "state", "code", "campaign", "when")
SPANS: Final = {
    "1h": (N_("The last hour"), timedelta(hours=1)),
    "1d": (N_("The last day"), timedelta(days=1)),
    "7d": (N_("The last 7 days"), timedelta(days=7)),
    "30d": (N_("The last 30 days"), timedelta(days=30)),
}
_ID: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of what happened to a message, as `ui.timeline` shows it."""

    title: str
    text: str
    at: object
    icon: str
    kind: str


@get(PATH, opt=needs(Permission.MESSAGES_READ))
async def dead_letters_page(visit: CurrentVisit) -> Page:
    filters = {name: visit.asked(name) for name in FILTERS}
    async with visit.trusted() as tx:
        page = await dead_letters.list_dead(
            tx,
            workspace_id=visit.workspace_id,
            wanted=_wanted(filters),
            limit=PAGE_SIZE,
            cursor=visit.asked(CURSOR) or None,
        )
        counted = await dead_letters.counts(tx, workspace_id=visit.workspace_id)
        runs = await dead_letters.open_runs(tx, workspace_id=visit.workspace_id)
        named = await _campaigns(tx, visit, chosen=filters["campaign"])
    values: dict[str, Any] = {
        "letters": page.items,
        "turn": turn(visit.request, page.next_cursor),
        "total": sum(item.n for item in counted),
        "filtered": any(filters.values()),
        "filters": filters,
        "states": _states(counted),
        "codes": _codes(counted, chosen=filters["code"]),
        "campaigns": named,
        "times": [(key, _(name)) for key, (name, _span) in SPANS.items()],
        "runs": runs,
        "here": _here(visit),
    }
    if visit.page.is_htmx:
        return visit.block("dead_letters/list.html", "results", **values)
    return visit.html("dead_letters/list.html", **values)


@get(f"{PATH}/{{message_id:int}}", opt=needs(Permission.MESSAGES_READ))
async def dead_letter_page(visit: CurrentVisit, message_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        found = await dead_letters.explain(tx, workspace_id=visit.workspace_id, message_id=message_id)
    return visit.html(
        "dead_letters/one.html",
        letter=found.letter,
        meaning=translated(found.advice.meaning),
        remedy=translated(found.advice.remedy),
        repeats=found.advice.repeats,
        events=_events(found),
    )


@post(f"{PATH}/some", opt=needs(Permission.MESSAGES_SEND))
async def act_on_some(visit: CurrentVisit) -> Page:
    """Replay or discard the chosen ones at once."""
    form = FormReader(await visit.request.form())
    back = safe_path(form.raw("next"), PATH)
    ids, act = form.ids("ids"), _act(form)
    if not ids:
        return visit.redirect(back, Flash("warning", _("Choose at least one message.")))
    do = dead_letters.replay if act is Act.REPLAYED else dead_letters.discard
    async with visit.tenant() as tx:
        done = await do(tx, workspace_id=visit.workspace_id, message_ids=ids, done_by=visit.user.id)
    return visit.redirect(back, *_told(act, done))


@post(f"{PATH}/all", opt=needs(Permission.MESSAGES_SEND))
async def act_on_all(visit: CurrentVisit) -> Page:
    """Replay or discard all that match the filters, by a job."""
    form = FormReader(await visit.request.form())
    filters = {name: form.text(name) for name in FILTERS}
    act = _act(form)
    async with visit.tenant() as tx:
        await dead_letters.start_run(
            tx, workspace_id=visit.workspace_id, act=act, wanted=_wanted(filters), done_by=visit.user.id
        )
    text = (
        _("Replaying has begun. It goes on while you do other things.")
        if act is Act.REPLAYED
        else _("Discarding has begun. It goes on while you do other things.")
    )
    return visit.redirect(PATH, Flash("success", text))


def _act(form: FormReader) -> Act:
    return Act(form.choice("act", [act.value for act in Act], default=Act.REPLAYED.value))


def _told(act: Act, done: Done) -> list[Flash]:
    if act is Act.REPLAYED:
        text = ngettext("%(num)s message queued again.", "%(num)s messages queued again.", done.done)
    else:
        text = ngettext("%(num)s message discarded.", "%(num)s messages discarded.", done.done)
    flashes = [Flash("success", text)] if done.done else []
    if done.skipped:
        flashes.append(
            Flash(
                "info",
                ngettext(
                    "%(num)s message was left alone: it was dealt with before, or its campaign was"
                    " cancelled.",
                    "%(num)s messages were left alone: they were dealt with before, or their campaign was"
                    " cancelled.",
                    done.skipped,
                ),
            )
        )
    return flashes


def _wanted(filters: dict[str, str]) -> DeadFilter:
    """Read the filters; what nobody offered is taken for no filter."""
    span = SPANS.get(filters["when"])
    campaign = filters["campaign"]
    return DeadFilter(
        state=filters["state"] if filters["state"] in set(DEAD) else None,
        code=filters["code"] or None,
        campaign_id=int(campaign) if _ID.fullmatch(campaign) else None,
        reason=filters["reason"][:200],
        since=clock.now() - span[1] if span else None,
    )


def _states(counted: Sequence[DeadCount]) -> list[tuple[str, str]]:
    """The states with how many there are, for the filter."""
    names = {
        "rejected": pgettext("message", "Rejected"),
        "unknown": pgettext("message", "Unknown"),
        "expired": pgettext("message", "Expired"),
    }
    sums = {state: sum(item.n for item in counted if item.state == state) for state in names}
    return [(state, f"{name} ({sums[state]})" if sums[state] else name) for state, name in names.items()]


def _codes(counted: Sequence[DeadCount], *, chosen: str) -> list[tuple[str, str]]:
    sums: dict[str, int] = {chosen: 0} if chosen else {}
    for item in counted:
        if item.code:
            sums[item.code] = sums.get(item.code, 0) + item.n
    most = sorted(sums.items(), key=lambda each: -each[1])[:MOST_CODES]
    return [(code, f"{code} ({n})" if n else code) for code, n in most]


async def _campaigns(tx: Tx, visit: Visit, *, chosen: str) -> list[tuple[str, str]]:
    page = await campaigns.list_campaigns(tx, workspace_id=visit.workspace_id, limit=MOST_CAMPAIGNS)
    named = [(str(each.id), each.name) for each in page.items if each.order_id is not None]
    if chosen and chosen not in dict(named):
        named.append((chosen, f"#{chosen}"))
    return named


def _events(found: Explanation) -> list[Event]:
    names = {
        "accepted": _("Taken by the provider"),
        "deferred": _("Not taken for now"),
        "rejected": _("Refused for good"),
        "unknown": _("Handed over, no answer"),
        "expired": _("Not taken, and the time was over"),
        "suppressed": _("Held back"),
    }
    done = {Act.REPLAYED: _("Replayed by a person"), Act.DISCARDED: _("Discarded by a person")}
    acts = {act.attempt: act for act in found.acts}
    events = []
    for attempt in found.attempts:
        title = (
            _("Attempt %(number)s", number=attempt.number)
            + " · "
            + names.get(attempt.outcome, attempt.outcome)
        )
        kind = "warning" if attempt.outcome in {"deferred", "unknown"} else "danger"
        words = attempt.reason if attempt.code in attempt.reason else f"{attempt.code} {attempt.reason}"
        events.append(
            Event(title=title, text=translated(words.strip()), at=attempt.at, icon="send", kind=kind)
        )
        if act := acts.get(attempt.number):
            events.append(Event(title=done[act.act], text="", at=act.at, icon="user", kind="neutral"))
    return events


def _here(visit: Visit) -> str:
    """The address of this list with its filters, to come back to after an act."""
    url = visit.request.url
    return f"{url.path}?{url.query}" if url.query else url.path


router = Router(path="", route_handlers=[dead_letters_page, dead_letter_page, act_on_some, act_on_all])
