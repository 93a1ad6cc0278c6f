"""A registry in memory, and services to ask without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pandas as pd
from starlette.testclient import TestClient

from onstage.data.titles import Titles
from onstage.errors import StoreError
from onstage.serving.bundle import Bundle
from onstage.serving.online.app import application
from onstage.serving.online.source import Loaded


class Shelf:
    """Versions by number, one of which may be champion.

    Attributes
    ----------
    champion
        What the alias points at.
    damaged
        Versions that do not load.
    gate
        Loading waits for it.
    """

    name = "onstage-test"

    def __init__(self, **bundles: Bundle) -> None:
        self.bundles = {name.removeprefix("v"): bundle for name, bundle in bundles.items()}
        self.champion: str | None = next(iter(self.bundles), None)
        self.damaged: set[str] = set()
        self.gate = Event()
        self.gate.set()
        self.loads = 0
        self.items: pd.DataFrame | None = None

    def version(self) -> str | None:
        return self.champion

    def load(self, version: str) -> Loaded:
        self.loads += 1
        self.gate.wait(30)
        if version in self.damaged:
            message = f"bundle of version {version} is damaged, make it again"
            raise StoreError(message)
        bundle = self.bundles[version]
        return Loaded(version, bundle, Titles(bundle.model.dataset.items, self.items))


@contextmanager
def asking(shelf: Shelf, **options: Any) -> Iterator[TestClient]:  # noqa: ANN401  # of application
    """A client of a running service that has looked at its registry once."""
    app = application(shelf, **options)
    app.state.watcher.look()
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client
