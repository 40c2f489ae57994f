"""The providers that exist."""

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.channels.errors import UnknownProvider
from mailgenius.channels.registry import provider, providers
from mailgenius.kit.errors import Kind


def test_providers_are_found_by_name():
    assert [each.name for each in providers()] == ["smtp", "http", "sandbox"]
    for each in providers():
        assert provider(each.name) is each


def test_providers_of_one_channel():
    assert providers(Channel.EMAIL) == providers()
    assert providers(Channel.SMS) == ()


def test_unknown_provider_is_a_named_error():
    with pytest.raises(UnknownProvider, match="There is no provider named pigeon") as caught:
        provider("pigeon")
    assert caught.value.kind is Kind.NOT_FOUND
