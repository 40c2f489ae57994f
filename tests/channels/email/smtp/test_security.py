"""Encryption, sign-in, and hosts that must not be contacted."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailgenius.channels.contract import Fault, Outcome
from mailgenius.channels.email.smtp.resolve import is_public
from mailgenius.channels.email.smtp.settings import Security, SmtpSettings
from tests.channels.email.smtp.conftest import OpenAdapter
from tests.channels.letters import letters
from tests.channels.smtp_peer import EVERYTHING, Script, running

A, D = Outcome.ACCEPTED, Outcome.DEFERRED


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "peer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_starttls_without_verification(server_tls: ssl.SSLContext, open_adapter: OpenAdapter):
    async with running(Script(tls=server_tls)) as peer:
        results = await open_adapter(peer, security="starttls", verify_tls="no").send(letters(12))
    assert [each.outcome for each in results] == [A] * 12
    assert [each[:4] for each in peer.commands[:3]] == ["EHLO", "STAR", "EHLO"]


async def test_certificate_that_nobody_signed_is_refused(
    server_tls: ssl.SSLContext, open_adapter: OpenAdapter
):
    async with running(Script(tls=server_tls)) as peer:
        results = await open_adapter(peer, security="starttls").send(letters(2))
    assert [(each.outcome, each.fault) for each in results] == [(D, Fault.CONNECTION)] * 2
    assert "certificate is not valid" in results[0].reason
    assert peer.begun == 0


async def test_certificate_that_is_trusted_is_accepted(
    server_tls: ssl.SSLContext,
    certificate: Path,
    open_adapter: OpenAdapter,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with running(Script(tls=server_tls)) as peer:
        results = await open_adapter(peer, security="starttls").send(letters(2))
    assert [each.outcome for each in results] == [A, A]


@pytest.mark.parametrize(("verify", "expected"), [("no", A), ("yes", D)])
async def test_tls_from_the_first_byte(
    verify: str, expected: Outcome, server_tls: ssl.SSLContext, open_adapter: OpenAdapter
):
    async with running(Script(), implicit_tls=server_tls) as peer:
        results = await open_adapter(peer, security="tls", verify_tls=verify).send(letters(2))
    assert [each.outcome for each in results] == [expected] * 2


async def test_peer_without_starttls_gets_no_mail_and_no_password(open_adapter: OpenAdapter):
    script = Script(extensions=(*EVERYTHING, "AUTH PLAIN"), user=("ana", "s3cret"))
    async with running(script) as peer:
        results = await open_adapter(peer, security="starttls", username="ana", password="s3cret").send(
            letters(1)
        )
    assert results[0].outcome is D
    assert "STARTTLS" in results[0].reason
    assert not any(each.startswith("AUTH") for each in peer.commands)


async def test_words_injected_before_the_encryption_are_not_believed(
    server_tls: ssl.SSLContext, open_adapter: OpenAdapter
):
    injected = "220 go ahead\r\n250-evil.example\r\n250 AUTH PLAIN"
    script = Script(tls=server_tls, answer=lambda at, _: injected if at == "starttls" else None)
    async with running(script) as peer:
        results = await open_adapter(peer, security="starttls", verify_tls="no").send(letters(1))
    assert results[0].outcome is D
    assert "out of turn" in results[0].reason


async def test_cut_during_starttls_defers_everything(server_tls: ssl.SSLContext, open_adapter: OpenAdapter):
    async with running(Script(tls=server_tls, cut=lambda at, _: at == "starttls")) as peer:
        results = await open_adapter(peer, security="starttls", verify_tls="no").send(letters(3))
    assert [(each.outcome, each.fault) for each in results] == [(D, Fault.CONNECTION)] * 3


@pytest.mark.parametrize("mechanisms", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=LOGIN PLAIN", "AUTH PLAIN"])
async def test_sign_in(mechanisms: str, open_adapter: OpenAdapter):
    script = Script(extensions=(*EVERYTHING, mechanisms), user=("joão@sender.example", "pä ss:wörd "))
    async with running(script) as peer:
        adapter = open_adapter(peer, username="joão@sender.example", password="pä ss:wörd ")
        results = await adapter.send(letters(2))
    assert [each.outcome for each in results] == [A, A]


@pytest.mark.parametrize("mechanisms", ["AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5", "8BITMIME"])
async def test_sign_in_that_fails_defers_everything_and_says_why(mechanisms: str, open_adapter: OpenAdapter):
    script = Script(extensions=("PIPELINING", mechanisms), user=("ana", "right"))
    async with running(script) as peer:
        adapter = open_adapter(peer, username="ana", password="wrong")
        results = await adapter.send(letters(3))
        checked = await adapter.check()
    for result in (*results, checked):
        assert (result.outcome, result.fault) == (D, Fault.CONNECTION)
        assert "sign-in" in result.reason or "user name or password" in result.reason
    assert "wrong" not in str(results)


async def test_private_host_is_not_contacted_where_that_is_forbidden(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        for host in ("127.0.0.1", "localhost", "2130706433", "::ffff:127.0.0.1"):
            results = await open_adapter(peer, allow_private=False, host=host).send(letters(1))
            assert (results[0].outcome, results[0].fault) == (D, Fault.CONNECTION)
            assert "private network" in results[0].reason or "not found" in results[0].reason
    assert peer.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0",  # noqa: S104  # named to be refused
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1", "198.18.0.1", "192.0.2.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str):
    assert is_public(address)


def test_password_is_not_shown_by_the_settings():
    settings = SmtpSettings(host="h", port=25, security=Security.NONE, password="s3cret")
    assert "s3cret" not in repr(settings)
