"""Imports: the wizard (file, columns, start), live progress, the report, and the history."""

from litestar import Router

from mailgenius.web.pages.imports import running, uploading, wizard

router = Router("/", route_handlers=[*wizard.HANDLERS, *uploading.HANDLERS, *running.HANDLERS])
