"""The command line: a door for the operator of this installation. It calls services and starts processes.

Every command knows `--json`: then the last line on stdout is one JSON object and everything else goes to
stderr. Exit codes are in exits.py and in docs/reference/cli.md.
"""
