"""What may be typed of a connection: name, settings, limits, share and warm-up. Nothing is stored here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from mailgenius.channels.contract import Provider
from mailgenius.engine.connections.model import Limits, Routing, WarmUp
from mailgenius.kit.errors import Invalid, Problem

LONGEST_NAME = 100
HIGHEST_LIMIT = 2_147_483_647
HIGHEST_WEIGHT = 1000
MOST_DOMAINS = 50
STEEPEST = 10
_DOMAIN = re.compile(r"(?=.{3,253}$)[^\s@/:]+\.[^\s@/:.]{2,63}")


def problems_of(
    kind: Provider,
    *,
    name: str,
    settings: Mapping[str, Any],
    limits: Limits,
    routing: Routing,
    warm_up: WarmUp,
) -> list[Problem]:
    """Name what is wrong, field by field."""
    return [
        *_name_problems(name),
        *_limit_problems(limits),
        *_routing_problems(routing),
        *_warm_up_problems(warm_up),
        *_setting_problems(kind, settings),
    ]


def raise_problems(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems=problems)


def _name_problems(name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "Enter a name.")]
    if len(name) > LONGEST_NAME:
        return [Problem("name", "A name has at most 100 characters.")]
    return []


def _limit_problems(limits: Limits) -> list[Problem]:
    return [
        Problem(f"limits.{key}", "Enter a whole number above zero, or nothing for no limit.")
        for key, value in asdict(limits).items()
        if value is not None and not 0 < value <= HIGHEST_LIMIT
    ]


def cleaned(routing: Routing) -> Routing:
    domains = (domain.strip().lower().removeprefix("@") for domain in routing.sender_domains)
    return replace(routing, sender_domains=tuple(dict.fromkeys(domain for domain in domains if domain)))


def plan_of(warm_up: WarmUp) -> WarmUp:
    """Return a plan of warming up. Without a first day it is none, whatever else was typed."""
    return WarmUp() if warm_up.start is None else warm_up


def _routing_problems(routing: Routing) -> list[Problem]:
    problems = []
    if not 0 <= routing.weight <= HIGHEST_WEIGHT:
        problems.append(Problem("weight", "Enter a number from 0 to 1000."))
    domains = routing.sender_domains
    if len(domains) > MOST_DOMAINS or any(_DOMAIN.fullmatch(domain) is None for domain in domains):
        problems.append(Problem("sender_domains", "Enter domains, such as example.com."))
    return problems


def _warm_up_problems(warm_up: WarmUp) -> list[Problem]:
    if warm_up.start is None:
        return []
    problems = []
    if not 0 < warm_up.start <= HIGHEST_LIMIT:
        problems.append(Problem("warm_up.start", "Enter a whole number above zero."))
    if warm_up.target is None or not warm_up.start < warm_up.target <= HIGHEST_LIMIT:
        problems.append(Problem("warm_up.target", "Enter a number above that of the first day."))
    if not 1 < warm_up.factor <= STEEPEST:
        problems.append(Problem("warm_up.factor", "Enter a number above 1 and up to 10, such as 1.5."))
    return problems


def _setting_problems(kind: Provider, settings: Mapping[str, Any]) -> list[Problem]:
    return [Problem(f"settings.{key}", text) for key, text in kind.validate(settings).items()]
