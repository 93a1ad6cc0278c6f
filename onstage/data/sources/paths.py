"""From what a configuration writes to files that exist; and how such a file is opened."""

import gzip
import io
import os
import re
from collections.abc import Callable
from glob import glob, has_magic
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import pyarrow as pa

from onstage.data.sources.source import Source
from onstage.errors import ConfigError, SourceError
from onstage.settings import load_settings


Compression: TypeAlias = Literal["none", "gzip", "zstd"]

VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
SUFFIXES: Final = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".dat": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


def expand_environment(text: str, quote: Callable[[str], str] = str) -> str:
    """Replace ``${NAME}`` by the environment's value, passed through `quote`.

    ``${ONSTAGE_DATA}`` falls back to the settings' default.

    Raises
    ------
    ConfigError
        If a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "ONSTAGE_DATA":
            return quote(str(load_settings().data))
        if name not in os.environ:
            message = f"{text!r} needs the environment variable {name}, which is not set: export it"
            raise ConfigError(message)
        return quote(os.environ[name])

    return VARIABLE.sub(value, text)


def patterns_of(source: Source, folder: str | None) -> tuple[Path, ...]:
    """Where the configuration says that files are; a glob stays a glob."""
    given = (source.path,) if isinstance(source.path, str) else source.path or ()
    base = Path(expand_environment(folder)) if folder else Path()
    return tuple(base / Path(expand_environment(text)).expanduser() for text in given)


def files_of(source: Source, table: str, folder: str | None) -> tuple[Path, ...]:
    """The files of a table, in reading order; none when it is optional and has none.

    Raises
    ------
    SourceError
        If a file is missing, a glob matches nothing, or a path is a folder.
    """
    found: list[Path] = []
    for pattern in patterns_of(source, folder):
        matches = _matches(pattern)
        if not matches and source.optional:
            continue
        if not matches:
            raise SourceError(_missing(pattern, table))
        found.extend(path for path in matches if path not in found)
    for path in found:
        if path.is_dir():
            message = f"{table}: {path} is a folder; give its files, e.g. {path / '*.csv'}"
            raise SourceError(message)
    return tuple(found)


def _matches(pattern: Path) -> list[Path]:
    if pattern.exists():
        return [pattern]
    return sorted(Path(name) for name in glob(str(pattern))) if has_magic(str(pattern)) else []  # noqa: PTH207


def _missing(pattern: Path, table: str) -> str:
    what = "matches no file" if has_magic(str(pattern)) else "does not exist"
    remedy = f"check data.{table}.path and data.folder, or set ONSTAGE_DATA"
    return f"{table}: {pattern} {what} (working directory {Path.cwd()}): {remedy}"


def compression_of(path: Path, declared: str = "auto") -> Compression:
    """How a file is compressed: as declared, or by its first bytes."""
    if declared in {"none", "gzip", "zstd"}:
        return declared  # type: ignore[return-value]  # the literal was checked
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if start == b"\x28\xb5\x2f\xfd" else "none"


def format_of(path: Path, declared: str = "auto") -> str:
    """``csv``, ``tsv``, ``parquet`` or ``jsonl``: as declared, or by the name.

    Raises
    ------
    SourceError
        If the name does not tell.
    """
    if declared != "auto":
        return declared
    name = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    known = FORMATS.get(name.suffix.lower())
    if known is None:
        message = (
            f"{path}: the name does not tell its format; say format: csv, tsv, parquet or jsonl"
        )
        raise SourceError(message)
    return known


def open_text(path: Path, compression: Compression, encoding: str = "utf-8") -> IO[str]:
    """Open a plain or compressed text file for reading; a byte-order mark is skipped."""
    raw: Any  # three kinds of binary stream
    if compression == "gzip":
        raw = gzip.open(path, "rb")  # noqa: SIM115  # the wrapper closes it
    elif compression == "zstd":
        raw = pa.input_stream(str(path), compression="zstd")
    else:
        raw = path.open("rb")
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    return io.TextIOWrapper(raw, encoding=codec, errors="replace", newline="")
