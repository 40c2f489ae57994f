"""Who made a request: a person or a machine."""

import pytest

from mailgenius.engine.tracking.machines import is_machine

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 11; CUBOT X19) AppleWebKit/537.36 Chrome/90.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Outlook-iOS/723.4027091.prod.iphone (4.28.0)",
]
MACHINES = [
    "",
    "Mozilla/5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    "python-requests/2.32",
    "curl/8.5",
    "Go-http-client/2.0",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
    "Slackbot-LinkExpanding 1.0",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_people(agent: str):
    assert not is_machine({"user-agent": agent})


@pytest.mark.parametrize("agent", MACHINES)
def test_machines(agent: str):
    assert is_machine({"user-agent": agent})


def test_a_prefetch_is_no_person():
    assert is_machine({"user-agent": PEOPLE[0], "sec-purpose": "prefetch;prerender"})
    assert is_machine({})
