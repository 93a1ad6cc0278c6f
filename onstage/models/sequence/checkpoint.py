"""A fit on its way, as one file: JSON and arrays, no pickle."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import StoreError
from onstage.files import replacing


HEAD: Final = "head"
IDENTITY: Final = "of"


def digest_of(dataset: Dataset, availability: AvailabilityIndex | None) -> str:
    """Digest of what is learned from."""
    found = hashlib.sha256()
    for values in (dataset.user, dataset.item, dataset.time):
        found.update(np.ascontiguousarray(values).tobytes())
    if availability is not None and not availability.always:
        for values in (availability.item, availability.starts, availability.ends):
            found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()[:16]


class Checkpoint:
    """One file that is replaced after each epoch.

    Parameters
    ----------
    path
        Its folder is made. None: nothing is kept.
    identity
        What the fit is of: the hyperparameters by name, ``seed`` and ``data``.
    """

    def __init__(self, path: Path | None, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.identity = dict(identity)

    def save(self, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Replace the file, at once and whole.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        if self.path is None:
            return
        text = json.dumps({IDENTITY: self.identity, **head}).encode()
        stored: dict[str, Any] = {HEAD: np.frombuffer(text, dtype=np.uint8), **arrays}
        with (
            replacing(self.path, "choose a writable folder") as draft,
            draft.open("wb") as stream,
        ):
            np.savez(stream, **stored)

    def load(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        """What was saved last; None where nothing was.

        Raises
        ------
        StoreError
            If it is damaged, or of another configuration, seed or data set.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                arrays = dict(stored)
            head = json.loads(arrays.pop(HEAD).tobytes())
            theirs = head.pop(IDENTITY)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            message = f"checkpoint {self.path}: damaged ({error}); remove it and fit again"
            raise StoreError(message) from error
        for name in sorted({*theirs, *self.identity}):
            if theirs.get(name) != self.identity.get(name):
                message = (
                    f"checkpoint {self.path}: it is of another fit ({name} "
                    f"{theirs.get(name)!r}, now {self.identity.get(name)!r}); "
                    "remove it or name another file"
                )
                raise StoreError(message)
        return head, arrays
