"""Tokens of public links: what goes in comes out, and nothing else does."""

import base64

import pytest
from hypothesis import given, strategies as st

from mailgenius.engine.tracking.tokens import LONGEST_TOKEN, OrderTokens, TokenKind, read_token, signer
from mailgenius.kit.crypto import BadToken, Keys

KEYS = Keys(b"k" * 32)
IDS = st.integers(min_value=0, max_value=2**63 - 1)


@given(st.tuples(IDS, IDS, IDS), st.integers(0, 9999), st.text(max_size=200), st.booleans())
def test_a_token_says_what_was_put_in(ids, link_no, url, sample):
    workspace_id, order_id, message_id = ids
    url = url.encode("utf-8", "ignore").decode()
    tokens = OrderTokens(KEYS, workspace_id=workspace_id, order_id=order_id, sample=sample)
    read = read_token(tokens.click(message_id, link_no, url.encode()), TokenKind.CLICK, by=signer(KEYS))
    assert (read.workspace_id, read.order_id, read.message_id) == (workspace_id, order_id, message_id)
    assert (read.link_no, read.url, read.sample) == (link_no, url, sample)


def test_a_token_is_of_one_kind_only():
    tokens = OrderTokens(KEYS, workspace_id=1, order_id=2, sample=False)
    for made in TokenKind:
        token = tokens.click(3, 1, b"https://x.com") if made is TokenKind.CLICK else tokens.plain(made, 3)
        for wanted in TokenKind:
            if wanted is made:
                assert read_token(token, wanted, by=signer(KEYS)).message_id == 3
            else:
                with pytest.raises(BadToken):
                    read_token(token, wanted, by=signer(KEYS))


def test_a_changed_or_foreign_token_is_refused():
    token = OrderTokens(KEYS, workspace_id=1, order_id=2, sample=False).click(3, 1, b"https://x.com")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(BadToken):
            read_token(
                base64.urlsafe_b64encode(changed).decode().rstrip("="), TokenKind.CLICK, by=signer(KEYS)
            )
    with pytest.raises(BadToken):
        read_token(token, TokenKind.CLICK, by=signer(Keys(b"x" * 32)))
    with pytest.raises(BadToken):
        read_token(token, TokenKind.CLICK, by=KEYS.signer("another purpose"))


@pytest.mark.parametrize(
    "token", ["", "a", "é", "!!!!", "AAAA", "A" * 22, "A" * 60, "A" * (LONGEST_TOKEN + 1), "\x00"]
)
def test_rubbish_is_refused(token: str):
    with pytest.raises(BadToken):
        read_token(token, TokenKind.CLICK, by=signer(KEYS))
