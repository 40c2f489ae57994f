"""View in browser: the message of its recipient, in a sandbox."""

from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind


async def test_a_message_is_shown_to_its_recipient(client, tokens, sent):
    answer = await client.get(f"/v/{tokens.plain(TokenKind.VIEW, sent.messages[1])}")
    assert answer.status_code == 200
    assert "Hello bia" in answer.text
    assert "/c/" in answer.text
    assert "/o/" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "noindex" in answer.headers["x-robots-tag"]
    assert await sent.rolled_up() == {}


async def test_a_message_under_another_workspace_is_not_there(client, services, sent, other_workspace_id):
    tokens = OrderTokens(services.keys, workspace_id=other_workspace_id, order_id=sent.order_id, sample=False)
    assert (await client.get(f"/v/{tokens.plain(TokenKind.VIEW, sent.messages[0])}")).status_code == 404
