"""An availability index as a folder: plain arrays that are mapped into memory, and JSON."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from onstage.availability.index import AvailabilityIndex
from onstage.availability.live_sets import LiveSets
from onstage.errors import StoreError


HEAD: Final = "index.json"
FORMAT: Final = 1
WINDOWS: Final = ("item", "starts", "ends")
SETS: Final = ("instants", "indptr", "live", "change_time", "change_item")


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    n_items: int
    always: bool


def save_index(index: AvailabilityIndex, folder: Path) -> None:
    """Write an index, its live sets included, into `folder`: one ``.npy`` an array, and a head.

    The same index makes the same bytes. What stood in the folder before is replaced.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {name: getattr(index, name) for name in WINDOWS}
    if not index.always:
        arrays |= {f"sets.{name}": getattr(index.sets, name) for name in SETS}
    head = _Head(format=FORMAT, n_items=index.n_items, always=index.always)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in arrays.items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(values), allow_pickle=False)
        (folder / HEAD).write_text(head.model_dump_json(indent=1), encoding="utf-8")
    except OSError as error:
        message = f"availability {folder}: {error.strerror or error}; choose a writable folder"
        raise StoreError(message) from error


def load_index(folder: Path, *, mmap: bool = True) -> AvailabilityIndex:
    """Read what :func:`save_index` wrote; nothing is built again.

    Parameters
    ----------
    mmap
        Map the arrays into memory instead of reading them: a lookup reads the pages it needs, and
        processes share them.

    Raises
    ------
    StoreError
        If a file is missing, damaged, or of another format.
    """
    try:
        head = _Head.model_validate_json((folder / HEAD).read_text(encoding="utf-8"))
        if head.format != FORMAT:
            message = f"availability {folder}: format {head.format}, this version reads {FORMAT}"
            raise StoreError(message)
        item, starts, ends = (_read(folder, name, mmap=mmap) for name in WINDOWS)
        index = AvailabilityIndex(head.n_items, item, starts, ends, always=head.always)
        if not head.always:
            sets = LiveSets(*(_read(folder, f"sets.{name}", mmap=mmap) for name in SETS))
            index.__dict__["sets"] = sets
    except (OSError, EOFError, ValueError, ValidationError) as error:
        if isinstance(error, StoreError):
            raise
        reason = str(error).splitlines()[0]
        message = f"availability {folder}: {reason}; it is incomplete or damaged, save it again"
        raise StoreError(message) from error
    return index


def _read(folder: Path, name: str, *, mmap: bool) -> NDArray[Any]:
    path = folder / f"{name}.npy"
    return np.asarray(np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False))
