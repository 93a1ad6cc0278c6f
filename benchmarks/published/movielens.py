"""MovieLens as GroupLens packs it: a folder, or the very archive, which is checked."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

import pandas as pd

from onstage.columns import Columns
from onstage.errors import SourceError


NAMES: Final = [Columns.USER, Columns.ITEM, Columns.WEIGHT, Columns.TIME]


@dataclass(frozen=True)
class Release:
    """One release of MovieLens.

    Attributes
    ----------
    file
        Within the folder or the archive.
    separator
        Between columns.
    header
        Number of the line that names them; None without one.
    md5
        Of the archive ``NAME.zip``, as GroupLens publishes it.
    rows
        Ratings.
    """

    file: str
    separator: str
    header: int | None
    md5: str
    rows: int


RELEASES: Final = MappingProxyType(
    {
        "ml-100k": Release("u.data", "\t", None, "0e33842e24a9c977be4e0107933c0723", 100_000),
        "ml-1m": Release("ratings.dat", "::", None, "c4d9eecfca2ab87c1945afe126590906", 1_000_209),
        "ml-20m": Release("ratings.csv", ",", 0, "cd245b17a1ae2cc31bb14903e1204af3", 20_000_263),
    }
)


def read(name: str, place: Path, *, checked: bool = True) -> pd.DataFrame:
    """Ratings in the order of the file: user_id, item_id, weight, timestamp (seconds).

    Parameters
    ----------
    name
        A key of :data:`RELEASES`.
    place
        ``NAME.zip``, or the folder it unpacks to.
    checked
        Refuse an archive whose checksum, or a file whose number of ratings, is not that of the
        release.

    Raises
    ------
    SourceError
        If the file is not there, or not the release.
    """
    release = RELEASES[name]
    with opened(name, place, checked=checked) as file:
        table = pd.read_csv(
            file,
            sep=release.separator,
            names=NAMES,
            header=release.header,
            engine="python" if len(release.separator) > 1 else "c",
        )
    if checked and len(table) != release.rows:
        message = f"{place}: {len(table):,} ratings, {name} has {release.rows:,}; get it anew"
        raise SourceError(message)
    return table


@contextmanager
def opened(name: str, place: Path, *, checked: bool) -> Iterator[IO[bytes]]:
    """The file of ratings, out of a folder or an archive."""
    release = RELEASES[name]
    if place.is_dir():
        path = place / release.file
        if not path.is_file():
            message = f"{place}: no {release.file} here; give the folder that {name}.zip unpacks to"
            raise SourceError(message)
        with path.open("rb") as file:
            yield file
        return
    if not place.is_file():
        message = f"{place}: not there; give {name}.zip of GroupLens, or its folder"
        raise SourceError(message)
    found = digest(place)
    if checked and found != release.md5:
        message = f"{place}: md5 {found}, that of {name}.zip is {release.md5}; get it anew"
        raise SourceError(message)
    with zipfile.ZipFile(place) as archive, archive.open(f"{name}/{release.file}") as file:
        yield file


def digest(path: Path) -> str:
    """MD5 of a file: GroupLens publishes no other."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
