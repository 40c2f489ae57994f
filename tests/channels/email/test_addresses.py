"""Addresses as a wire takes them."""

import pytest
from hypothesis import given, strategies as st

from mailgenius.channels.email.addresses import BadAddress, wire_address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@b.example", "a@b.example"),
        ("first.last+tag@sub.example.com", "first.last+tag@sub.example.com"),
        ("odd.@example.com", "odd.@example.com"),
        ('"john doe"@example.com', '"john doe"@example.com'),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
        ("a@[IPv6:::1]", "a@[IPv6:::1]"),
        ("a@Exämple.com", "a@xn--exmple-cua.com"),
        ("josé@example.com", "josé@example.com"),
        ("a@b_c.example", "a@b_c.example"),
    ],
)
def test_good_addresses(address: str, expected: str):
    assert wire_address(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@", "a@", "@b", "a b@c.example", "a@b c.example", "a@b@c.example", "<a@b.example>",
        "a@b.example>",
        "a@b.example\r\nRCPT TO:<x@y.example>", "a\r\n@b.example", "a\0@b.example", '"a\r\n"@b.example',
        "a@-",
        "a@b..example", "a@.example", f"{'x' * 250}@example.com", "a\u200b@b.example", "a\u2028@b.example",
        "a,b@c.example", "a@b.example SIZE=1", "\ud83d@b.example", "a@\ud83d.example",
    ],
)  # fmt: skip
def test_bad_addresses(address: str):
    with pytest.raises(BadAddress):
        wire_address(address)


@given(st.text(max_size=60))
def test_whatever_comes_in_nothing_that_could_be_a_command_goes_out(text: str):
    try:
        written = wire_address(text)
    except BadAddress:
        return
    assert "@" in written
    assert not any(each < " " or each in "<>\x7f" for each in written.replace('"', ""))
