"""The JSON API for programs: one module an area, Bearer keys, OpenAPI, and the addresses that probes ask.

A route reads the request, calls a service and writes the answer; rules live below. Its paths and shapes are
stable: they may grow, they do not change. docs/reference/api.md is its guide.
"""
