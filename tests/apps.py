"""Apps for handler tests, one of a kind in each worker: to build one costs more than most tests do.

An app keeps nothing but the services that it was built with. So it is built with services that become those
of the test that runs, and every test finds an app that knows only its own database and home.
"""

from collections.abc import Callable
from dataclasses import fields

from litestar import Litestar

from mailgenius.kit.services import Services

Build = Callable[[Services], Litestar]
_built: dict[tuple[Build, bool], tuple["PresentServices", Litestar]] = {}


class PresentServices(Services):
    """The services of the test that runs now."""

    @classmethod
    def like(cls, services: Services) -> "PresentServices":
        return cls(**{field.name: getattr(services, field.name) for field in fields(services)})

    def become(self, services: Services) -> None:
        for field in fields(services):
            object.__setattr__(self, field.name, getattr(services, field.name))


def app_of(build: Build, services: Services) -> Litestar:
    """Return the app that `build` makes, working with these services from now on."""
    kind = (build, services.settings.https)  # The one setting that an app reads when it is built.
    if kind not in _built:
        present = PresentServices.like(services)
        _built[kind] = present, build(present)
    present, app = _built[kind]
    present.become(services)
    return app
