"""What is put forward for registration: files, and the recipe that made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from onstage.data.store import digest_file, digest_json
from onstage.errors import TrackingError


_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


def bundle_in(folder: Path) -> Path:
    """The one artifact of a served model's folder: its bundle.

    Raises
    ------
    TrackingError
        If there is none, or more than one.
    """
    found = [path for path in (folder / "artifacts").glob("*") if path.is_dir()]
    if len(found) != 1:
        message = f"model folder {folder}: {len(found)} bundles in artifacts/, expected one"
        raise TrackingError(message)
    return found[0]


@dataclass(frozen=True)
class Proposal:
    """What is registered: a model folder and the recipe that made it.

    Attributes
    ----------
    model
        Its name on the leaderboard, e.g. ``als``.
    config
        Recipe: algorithm and hyperparameters, as JSON.
    data_digest
        Digest of the data it was fitted on.
    folder
        An MLflow model (:func:`onstage.serving.pyfunc.save_pyfunc`).
    metrics
        What it reached; kept for people, never used by a later decision.
    tags
        More tags for the version.
    """

    model: str
    config: Mapping[str, Any]
    data_digest: str
    folder: Path
    metrics: Mapping[str, float] = field(default_factory=lambda: _EMPTY)
    tags: Mapping[str, str] = field(default_factory=lambda: _EMPTY)

    @property
    def key(self) -> str:
        """Digest of recipe, data and learned content: the same key is the same version."""
        root = bundle_in(self.folder)
        content = {
            str(path.relative_to(root)): digest_file(path)
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        return digest_json({"config": self.config, "data": self.data_digest, "content": content})
