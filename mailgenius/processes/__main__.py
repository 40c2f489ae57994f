"""Entry of a child process: `python -m mailgenius.processes CHILD …`, started by the supervisor alone."""

import argparse
import signal
import sys

from mailgenius.kit import logs
from mailgenius.kit.config import Settings, load_settings
from mailgenius.processes.lifeline import stop_with_parent
from mailgenius.processes.roles import Child, parse_roles


def main() -> None:
    """Be one child until told to stop. Settings come from the environment, as in every process."""
    parser = argparse.ArgumentParser(prog="mailgenius.processes")
    parser.add_argument("child", type=Child)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--roles", type=parse_roles, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--http-workers", type=int, default=1)
    asked = parser.parse_args()
    # Until the child has its own way to drain, an order to stop must still let go of the database in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    stop_with_parent(asked.parent)
    settings = load_settings()
    logs.configure(settings.log_format, level=settings.log_level)
    if asked.child is Child.HTTP:
        _serve(settings, asked)
    else:
        _work(settings, asked.child)


# Each kind of child loads its own part of the product only: that halves the time to start and the memory.


def _serve(settings: Settings, asked: argparse.Namespace) -> None:
    from mailgenius.processes.serving import serve  # noqa: PLC0415  # See above.

    serve(settings, roles=asked.roles, host=asked.host, port=asked.port, workers=asked.http_workers)


def _work(settings: Settings, child: Child) -> None:
    import uvloop  # noqa: PLC0415  # See above.

    from mailgenius.processes.background import run_background  # noqa: PLC0415  # See above.

    uvloop.run(run_background(settings, child))


if __name__ == "__main__":
    main()
