"""A fitted model as a folder: JSON and plain arrays, no pickle."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, ContractError, StoreError
from onstage.models.base import Recommender
from onstage.models.catalog import build, parse


HEAD: Final = "config.json"
FORMAT: Final = 1
ROWS: Final = ("user", "item", "time", "weight", "ends")


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    model: dict[str, Any]
    clock: Clock
    arrays: dict[str, str]


def save_model(model: Recommender[Any], folder: Path) -> None:
    """Write a fitted model, and the dataset it was fitted on, into `folder`.

    One ``.npy`` file for each array and a ``config.json`` with the configuration, the clock and
    the SHA-256 of every array. What the model was told to :meth:`~onstage.models.core.Core.observe`
    is not part of it.

    Parameters
    ----------
    folder
        Created; must not exist or be empty. Appears at once and whole.

    Raises
    ------
    NotFittedError
        Before ``fit``.
    ContractError
        If an identifier is neither an integer nor a string.
    StoreError
        If the folder holds something already, or cannot be written.
    """
    arrays = _arrays(model)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
        try:
            _write(draft, model, model.dataset.clock, arrays)
            draft.chmod(0o755)
            draft.replace(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        message = f"model folder {folder}: {error.strerror}; give a new folder that can be written"
        raise StoreError(message) from error


def size_of(model: Recommender[Any]) -> int:
    """Bytes of the arrays that :func:`save_model` would write, without writing them.

    The heads of the files and ``config.json`` come on top, a few kilobytes.
    """
    return sum(int(values.nbytes) for values in _arrays(model).values())


def load_model(folder: Path, *, mmap: bool = True, verify: bool = True) -> Recommender[Any]:
    """Read a model back, with the dataset it was fitted on.

    Parameters
    ----------
    mmap
        Map the arrays of the model into memory instead of reading them; processes share them.
    verify
        Compare every array with its digest first, which reads the files once.

    Raises
    ------
    StoreError
        If the folder is missing, damaged, or no model of ours.
    """
    try:
        head = _Head.model_validate_json((folder / HEAD).read_text())
        if head.format != FORMAT:
            message = f"model folder {folder}: format {head.format}, this version reads {FORMAT}"
            raise StoreError(message)
        arrays = {
            name: _read(folder, name, digest if verify else None, mmap=mmap)
            for name, digest in head.arrays.items()
        }
        state = {
            name.removeprefix("state."): values
            for name, values in arrays.items()
            if name.startswith("state.")
        }
        return build(parse(head.model)).restore(_dataset(head.clock, arrays), state)
    except (OSError, EOFError, KeyError, ValueError, ValidationError, ConfigError) as error:
        if isinstance(error, StoreError):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"model folder {folder} cannot be read ({reason}); save the model again"
        raise StoreError(message) from error


def _arrays(model: Recommender[Any]) -> dict[str, NDArray[Any]]:
    """What a model has learned and the dataset it was fitted on, by name."""
    dataset = model.dataset
    arrays = {f"state.{name}": values for name, values in model.state().items()}
    arrays |= {f"rows.{name}": getattr(dataset, name) for name in ROWS if name != "ends"}
    if dataset.ends is not None:
        arrays["rows.ends"] = dataset.ends
    return arrays | _encode(dataset.users, "users") | _encode(dataset.items, "items")


def _write(
    folder: Path, model: Recommender[Any], clock: Clock, arrays: Mapping[str, NDArray[Any]]
) -> None:
    digests = {}
    for name, values in arrays.items():
        path = folder / f"{name}.npy"
        np.save(path, np.ascontiguousarray(values), allow_pickle=False)
        digests[name] = _digest(path)
    head = _Head(
        format=FORMAT, model=model.config.model_dump(mode="json"), clock=clock, arrays=digests
    )
    (folder / HEAD).write_text(json.dumps(head.model_dump(mode="json"), indent=1))


def _read(folder: Path, name: str, digest: str | None, *, mmap: bool) -> NDArray[Any]:
    path = folder / f"{name}.npy"
    if path.parent != folder:
        message = f"array name {name!r} leaves the folder"
        raise ValueError(message)
    if digest is not None and _digest(path) != digest:
        message = f"{path.name} differs from its digest"
        raise ValueError(message)
    values = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    return np.asarray(values)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _dataset(clock: Clock, arrays: Mapping[str, NDArray[Any]]) -> Dataset:
    user, item, time, weight = (arrays[f"rows.{name}"] for name in ROWS[:-1])
    ends = arrays.get("rows.ends")
    users, items = _decode(arrays, "users"), _decode(arrays, "items")
    return Dataset(users, items, clock, user, item, time, weight, ends)


def _encode(ids: pd.Index, name: str) -> dict[str, NDArray[Any]]:
    """Identifiers as arrays without objects: integers, or UTF-8 bytes and where each one ends."""
    ids = ids.infer_objects()
    if ids.dtype.kind in "iu":
        return {f"{name}.ids": ids.to_numpy()}
    strange = next((one for one in ids if not isinstance(one, str)), None)
    if strange is not None:
        message = f"{name}: identifier {strange!r} is neither an integer nor a string; convert it"
        raise ContractError(message)
    texts = [text.encode() for text in ids]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return {
        f"{name}.bytes": np.frombuffer(b"".join(texts), dtype=np.uint8),
        f"{name}.ends": ends,
    }


def _decode(arrays: Mapping[str, NDArray[Any]], name: str) -> pd.Index:
    index: pd.Index
    if f"{name}.ids" in arrays:
        index = pd.Index(np.array(arrays[f"{name}.ids"]))
        return index
    text, ends = arrays[f"{name}.bytes"].tobytes(), arrays[f"{name}.ends"].tolist()
    starts = [0, *ends[:-1]]
    ids = [text[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    index = pd.Index(pd.array(ids, dtype="str"))
    return index
