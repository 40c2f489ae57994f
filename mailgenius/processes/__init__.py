"""Builds and runs the processes from settings. The only place that wires areas together."""
