"""Finished messages for tests of adapters."""

from typing import Any

from mailgenius.channels.contract import OutgoingMessage


def letter(number: int = 1, **overrides: Any) -> OutgoingMessage:
    """Make one e-mail as the engine would hand it over."""
    recipient = overrides.get("recipient", f"lead{number}@example.com")
    values: dict[str, Any] = {
        "message_id": 1_000 + number,
        "workspace_id": 7,
        "recipient": recipient,
        "sender": "bounce@sender.example",
        "text": f"Olá, número {number}!\n.uma linha que começa com ponto\n",
        "html": f"<p>Olá, número <b>{number}</b>!</p>\n",
        "headers": headers(number, To=f"João {number} <{recipient}>"),
    }
    return OutgoingMessage(**(values | overrides))


def headers(number: int = 1, **overrides: str) -> tuple[tuple[str, str], ...]:
    """Make the headers of one e-mail; an override replaces one or adds it."""
    values = {
        "Date": "Mon, 06 Jan 2025 12:00:00 +0000",
        "From": "Ação Ltda <news@sender.example>",
        "To": f"lead{number}@example.com",
        "Subject": f"Novidades de março, nº {number}",
        "Message-ID": f"<{number}@sender.example>",
    }
    return tuple((values | overrides).items())


def letters(count: int) -> list[OutgoingMessage]:
    return [letter(number) for number in range(1, count + 1)]
