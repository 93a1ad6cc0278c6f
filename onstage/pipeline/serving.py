"""The champion for the online service: from the registry, with titles from the newest log."""

import logging
import shutil
from dataclasses import dataclass
from functools import cached_property

from onstage.data.titles import Titles
from onstage.errors import ConfigError, OnstageError
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.outcome import recall
from onstage.pipeline.promoting import registry_of, stored_bundle
from onstage.pipeline.workspace import Workspace
from onstage.registry.versions import Registry, Version
from onstage.serving.bundle import Bundle
from onstage.serving.online.journal import Journal
from onstage.serving.online.source import Loaded
from onstage.serving.release import load_version


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChampionSource:
    """``@champion`` of a data set's registered model."""

    workspace: Workspace

    @cached_property
    def _registry(self) -> Registry:
        return registry_of(self.workspace)

    @property
    def name(self) -> str:
        """The registered model."""
        return self.workspace.registered_model

    def version(self) -> str | None:
        """The champion's version now; None while there is none."""
        champion = self._registry.champion(self.name)
        return None if champion is None else champion.version

    def load(self, version: str) -> Loaded:
        """Load a version: from the store if it stands there, else from the registry."""
        found = self._registry.get(self.name, version)
        bundle = self._bundle(found)
        return Loaded(version, bundle, self._titles(bundle))

    def _bundle(self, version: Version) -> Bundle:
        here = stored_bundle(self.workspace, version)
        if here is not None:
            return here
        folder = self.workspace.folder / "serving" / f"v{version.version}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        bundle = load_version(self._registry, version, folder)
        for older in folder.parent.glob("v*"):
            if older != folder:  # mapped files stay readable until the last reader lets go
                shutil.rmtree(older, ignore_errors=True)
        return bundle

    def _titles(self, bundle: Bundle) -> Titles:
        """Titles of the newest log that a retrain used; none where this machine has no such log."""
        items = bundle.model.dataset.items
        try:
            return Titles(items, accepted_log(self.workspace, recall(self.workspace).log).items)
        except (OnstageError, OSError) as error:
            logger.info("items have no titles: %s", error)
            return Titles(items, None)


def journal_of(workspace: Workspace) -> Journal:
    """Where the data set's service keeps what is posted."""
    return Journal(workspace.folder / "serving" / "posted.jsonl")


def instant_of(workspace: Workspace, at: str | None) -> str:
    """The service's own instant: as asked, or that of the configuration's lists.

    Raises
    ------
    ConfigError
        If it is no instant of the data's clock.
    """
    place, asked = ("recommend.at", workspace.config.recommend.at) if at is None else ("--at", at)
    if asked not in {"now", "last"}:
        try:
            workspace.config.clock.parse(asked)
        except (ConfigError, OverflowError) as error:
            message = f"{place} {asked}: {error}"
            raise ConfigError(message) from error
    return asked
