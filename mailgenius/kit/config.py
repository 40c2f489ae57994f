"""Typed settings, read once from the environment. All are optional. docs/reference/settings.md lists them."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailgenius.kit.errors import invalid

SECRET_BYTES = 32
MOST_MONTHS = 1200
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the operator chose. Secrets stay out of `repr`."""

    home: Path
    """Folder of everything this installation keeps on this machine."""
    database_url: str = field(default="", repr=False)
    """Any PostgreSQL 15+; empty means the embedded one under `home`."""
    replica_urls: tuple[str, ...] = field(default=(), repr=False)
    redis_url: str = field(default="", repr=False)
    storage_url: str = ""
    """S3-compatible store by URL; empty means files under `home`."""
    base_url: str = "http://127.0.0.1:8000"
    """Public address of this installation, without a trailing slash. Links in messages start with it."""
    secret_key: bytes = field(default=b"", repr=False)
    """Root of every derived key: at least 32 bytes. Generated into `home` when not set."""
    smtp_private_hosts: bool = True
    """Whether SMTP connections may go to private addresses, such as a relay on this machine."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front; decides which forwarded address is believed."""
    log_format: str = "console"
    log_level: str = "info"
    """The least that is logged: debug, info, warning or error."""
    engines: str = ""
    """How many engine processes this machine runs, such as `1..4`; empty: by need, up to its cores."""
    audit_months: int = 24
    """How long the audit log keeps an entry."""

    @property
    def embedded(self) -> bool:
        return not self.database_url

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")


def default_home() -> Path:
    """Return the data folder used when MAILGENIUS_HOME is not set."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "mailgenius"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the environment and make the home folder and the secret key when missing.

    Raises:
        Invalid: a value cannot be understood; the problem names the variable.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("MAILGENIUS_HOME") or default_home()).expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Settings(
        home=home,
        database_url=env.get("MAILGENIUS_DATABASE_URL", "").strip(),
        replica_urls=tuple(url for url in env.get("MAILGENIUS_REPLICA_URLS", "").split() if url),
        redis_url=env.get("MAILGENIUS_REDIS_URL", "").strip(),
        storage_url=env.get("MAILGENIUS_STORAGE_URL", "").strip(),
        base_url=_base_url(env.get("MAILGENIUS_BASE_URL", "")),
        secret_key=_secret_key(env.get("MAILGENIUS_SECRET_KEY", ""), home),
        smtp_private_hosts=_flag(env, "MAILGENIUS_SMTP_PRIVATE_HOSTS", default=True),
        trusted_proxies=_number(env, "MAILGENIUS_TRUSTED_PROXIES", default=0),
        log_format=env.get("MAILGENIUS_LOG_FORMAT", "console"),
        log_level=_log_level(env.get("MAILGENIUS_LOG_LEVEL", "")),
        engines=env.get("MAILGENIUS_ENGINES", ""),
        audit_months=_audit_months(env),
    )


def with_port(settings: Settings, port: int) -> Settings:
    """Return settings whose base URL names the port that the HTTP server listens on.

    Only the default base URL is changed: an operator's own choice is kept.
    """
    if settings.base_url == Settings.base_url:
        return replace(settings, base_url=f"http://127.0.0.1:{port}")
    return settings


def _base_url(text: str) -> str:
    url = text.strip().rstrip("/")
    if not url:
        return Settings.base_url
    if not url.startswith(("http://", "https://")):
        raise invalid("MAILGENIUS_BASE_URL", "must start with http:// or https://")
    return url


def _log_level(text: str) -> str:
    level = text.strip().lower() or Settings.log_level
    if level not in LOG_LEVELS:
        raise invalid("MAILGENIUS_LOG_LEVEL", f"must be one of {', '.join(LOG_LEVELS)}")
    return level


def _secret_key(text: str, home: Path) -> bytes:
    if text:
        key = text.strip().encode()
        if len(key) < SECRET_BYTES:
            raise invalid("MAILGENIUS_SECRET_KEY", f"must be at least {SECRET_BYTES} characters long")
        return key
    path = home / "secret.key"
    # Several processes may start on a new home at once: exclusive creation under another name and a link
    # make the first writer win and never show a half-written key.
    if not path.exists():
        draft = home / f"secret.key.{os.getpid()}"
        draft.touch(mode=0o600)
        with draft.open("w") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())  # Or a power cut would leave a name with nothing behind it.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # Another process was first; its key is the one.
        finally:
            draft.unlink()
    key = path.read_text().strip().encode()
    if len(key) < SECRET_BYTES:
        raise invalid("MAILGENIUS_SECRET_KEY", "is cut off in secret.key; put the copy of your backup there")
    return key


def _audit_months(env: Mapping[str, str]) -> int:
    name = "MAILGENIUS_AUDIT_MONTHS"
    months = _number(env, name, default=Settings.audit_months)
    if not 1 <= months <= MOST_MONTHS:
        raise invalid(name, f"must be between 1 and {MOST_MONTHS}")
    return months


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if not text:
        return default
    if text in {"1", "true", "yes", "on", "allow"}:
        return True
    if text in {"0", "false", "no", "off", "deny"}:
        return False
    raise invalid(name, "must be yes or no")


def _number(env: Mapping[str, str], name: str, *, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit():
        raise invalid(name, "must be a whole number")
    return int(text)
