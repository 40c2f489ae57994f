"""Entry of a child process: `python -m mailgenius.processes CHILD …`, started by the supervisor alone."""

import argparse

import uvloop

from mailgenius.kit import logs
from mailgenius.kit.config import load_settings
from mailgenius.processes.background import run_background
from mailgenius.processes.http import serve
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
    stop_with_parent(asked.parent)
    settings = load_settings()
    logs.configure(settings.log_format)
    if asked.child is Child.HTTP:
        serve(settings, roles=asked.roles, host=asked.host, port=asked.port, workers=asked.http_workers)
    else:
        uvloop.run(run_background(settings, asked.child))


if __name__ == "__main__":
    main()
