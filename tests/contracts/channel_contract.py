"""What every adapter must do, whatever its provider. A provider's test class inherits ChannelContract.

It gives two fixtures: `adapter`, open and clean, and `delivered`, which returns the bytes of every message
that reached the other side, so that what an adapter claims can be compared with what happened.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from email import message_from_bytes, policy

from msgspec.structs import replace

from mailgenius.channels.contract import Adapter, Channel, Fault, Outcome, Provider
from mailgenius.channels.registry import providers
from tests.channels.letters import headers, letter, letters

Delivered = Callable[[], list[bytes]]


class ChannelContract:
    """Inherit, and define the fixtures `adapter` and `delivered` and the attribute `provider`."""

    provider: Provider

    @abstractmethod
    def adapter(self) -> Adapter:
        """Override as a fixture."""
        raise NotImplementedError

    @abstractmethod
    def delivered(self) -> Delivered:
        """Override as a fixture."""
        raise NotImplementedError

    def test_provider_is_registered_and_describes_itself(self):
        assert self.provider in providers(self.provider.channel)
        assert self.provider.label
        keys = [field.key for field in self.provider.fields]
        assert len(keys) == len(set(keys))
        for field in self.provider.fields:
            assert field.label
            assert field.kind in {"text", "number", "password", "choice"}
            assert field.secret == (field.kind == "password")
            assert bool(field.choices) == (field.kind == "choice")
            assert not field.choices or not field.default or field.default in field.choices

    def test_missing_and_unknown_settings_are_named(self):
        problems = self.provider.validate({"no-such-setting": "x"})
        required = {each.key for each in self.provider.fields if each.required and not each.default}
        assert set(problems) >= required | {"no-such-setting"}

    async def test_capabilities_fit_the_provider(self, adapter: Adapter):
        assert adapter.capabilities.channel is self.provider.channel
        assert adapter.capabilities.concurrency >= 1

    async def test_check_succeeds_and_sends_nothing(self, adapter: Adapter, delivered: Delivered):
        assert (await adapter.check()).outcome is Outcome.ACCEPTED
        assert delivered() == []

    async def test_no_messages_no_results(self, adapter: Adapter):
        assert await adapter.send([]) == []

    async def test_accepted_messages_arrive_once_and_whole(self, adapter: Adapter, delivered: Delivered):
        batch = letters(60)
        results = await adapter.send(batch)
        assert [each.outcome for each in results] == [Outcome.ACCEPTED] * 60
        assert all(each.fault is Fault.NONE for each in results)
        assert len({each.provider_ref for each in results}) == 60
        arrived = {}
        for raw in delivered():
            parsed = message_from_bytes(raw, policy=policy.default)
            arrived[parsed["Message-ID"]] = parsed
        assert len(delivered()) == len(arrived) == 60
        for message in batch:
            sent = dict(message.headers)
            parsed = arrived[sent["Message-ID"]]
            assert parsed["Subject"] == sent["Subject"]
            part = parsed.get_body(("html",))
            assert part is not None
            assert part.get_content().replace("\r\n", "\n") == message.html

    async def test_results_are_in_the_order_of_the_messages(self, adapter: Adapter, delivered: Delivered):
        bad = {2, 5, 6}
        batch = [
            letter(number, recipient="nobody at all" if number in bad else f"lead{number}@example.com")
            for number in range(8)
        ]
        batch = [replace(each, headers=headers(each.message_id)) for each in batch]
        results = await adapter.send(batch)
        rejected = {place for place, each in enumerate(results) if each.outcome is Outcome.REJECTED}
        assert rejected == bad
        assert len(delivered()) == 5

    async def test_header_injection_is_refused_alone(self, adapter: Adapter, delivered: Delivered):
        evil = letter(2, headers=headers(2, Subject="Hi\r\nBcc: everybody@example.com"))
        results = await adapter.send([letter(1), evil, letter(3)])
        assert [each.outcome for each in results] == [
            Outcome.ACCEPTED,
            Outcome.REJECTED,
            Outcome.ACCEPTED,
        ]
        assert results[1].fault is Fault.POLICY
        assert results[1].reason
        assert not any(b"everybody" in each for each in delivered())

    async def test_second_hand_over_is_dropped_where_that_is_promised(
        self, adapter: Adapter, delivered: Delivered
    ):
        await adapter.send(letters(3))
        results = await adapter.send(letters(3))
        assert [each.outcome for each in results] == [Outcome.ACCEPTED] * 3
        assert len(delivered()) == (3 if adapter.capabilities.deduplicates else 6)

    async def test_sends_at_the_same_time_do_not_mix(self, adapter: Adapter, delivered: Delivered):
        batch = letters(60)
        parts = [batch[start : start + 12] for start in range(0, 60, 12)]
        results = await asyncio.gather(*(adapter.send(part) for part in parts))
        assert all(each.outcome is Outcome.ACCEPTED for part in results for each in part)
        assert len(delivered()) == 60

    async def test_closed_twice_is_closed(self, adapter: Adapter, delivered: Delivered):
        await adapter.send([letter(1)])
        await adapter.close()
        await adapter.close()
        (result,) = await adapter.send([letter(2)])
        assert (result.outcome, result.fault) == (Outcome.DEFERRED, Fault.CONNECTION)
        assert (await adapter.check()).outcome is not Outcome.ACCEPTED
        assert len(delivered()) == 1

    def test_channel_is_one_we_know(self):
        assert self.provider.channel in Channel
