"""How a file of unknown layout is written: format, encoding, delimiter, header."""

import csv
from itertools import islice
from pathlib import Path
from typing import Any, Final

from onstage.data.sources.files import Layout
from onstage.data.sources.paths import FORMATS, SUFFIXES, compression_of
from onstage.data.sources.profiles import INTEGER, ISO, NUMBER
from onstage.data.sources.roles import WORDS, fit_of_name
from onstage.errors import SourceError


DELIMITERS: Final = ("::", "\t", ",", ";", "|")
ENCODED: Final = 50_000
"""Lines that are looked at to see whether they are UTF-8."""
LINES: Final = 200
"""Lines by which delimiters are judged."""


def sniff(path: Path) -> tuple[dict[str, Any], list[str], list[str]]:
    """Find out how a file is written.

    Returns
    -------
    tuple
        Keys of a :class:`Source` that differ from its defaults (``header`` with made-up names, when
        the first line is data); sentences that say why; questions to check.
    """
    kind, told = _format(path)
    layout: dict[str, Any] = {} if told else {"format": kind}
    said = f"format: {kind}, by {'its name' if told else 'its first bytes'}"
    if kind in {"parquet", "jsonl"}:
        return layout, [said], []
    encoding = _encoding(path)
    if encoding != "utf-8":
        layout["encoding"] = encoding
        said += f", {encoding} since it is not UTF-8"
    delimiter, quote = _delimiter(path, encoding)
    if delimiter != ("\t" if kind == "tsv" else ","):
        layout["delimiter"] = delimiter
    if not quote:
        layout["quote"] = ""
    sentences = [said, f"delimiter: {delimiter!r}, which splits its first lines evenly"]
    reader = Layout(path, compression_of(path), encoding, delimiter, quote, headed=True)
    records = [fields for _, fields in islice(reader.records(), LINES)]
    if not any(value.strip() for fields in records for value in fields):
        message = f"{path}: the file has only blank lines; there is nothing to look at"
        raise SourceError(message)
    headed, sure = _headed(records)
    questions = []
    if headed:
        sentences.append(f"header: yes, {records[0]}")
    else:
        layout["header"] = [f"column{i + 1}" for i in range(len(records[0]))]
        sentences.append(f"header: none, since its first line has values: {records[0]}")
    if not sure:
        questions.append(f"is the first line {records[0]} a header? I took it for one")
    return layout, sentences, questions


def _format(path: Path) -> tuple[str, bool]:
    name = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    if name.suffix.lower() in FORMATS:
        return FORMATS[name.suffix.lower()], True
    with path.open("rb") as stream:
        start = stream.read(64)
    if start.startswith(b"PAR1"):
        return "parquet", False
    reader = Layout(path, compression_of(path), "utf-8", None, "", headed=False)
    _, (first,) = next(reader.records(), (0, [""]))
    return ("jsonl" if first.lstrip().startswith("{") else "csv"), False


def _encoding(path: Path) -> str:
    reader = Layout(path, compression_of(path), "utf-8", None, "", headed=False)
    broken = any("\ufffd" in line for _, (line,) in islice(reader.records(), ENCODED))
    return "latin-1" if broken else "utf-8"


def _delimiter(path: Path, encoding: str) -> tuple[str, str]:
    """The delimiter that splits every line into the same number of fields, and the most; quote."""
    best, most, mark = ",", 1, '"'
    for delimiter in DELIMITERS:
        for quote in ('"', ""):
            reader = Layout(path, compression_of(path), encoding, delimiter, quote, headed=False)
            try:
                sizes = {len(fields) for _, fields in islice(reader.records(), LINES)}
            except csv.Error:
                continue
            if len(sizes) == 1 and (size := sizes.pop()) > most:
                best, most, mark = delimiter, size, quote
    return best, mark if len(best) == 1 else ""


def _headed(records: list[list[str]]) -> tuple[bool, bool]:
    """Whether the first line names columns, and whether that is sure."""
    first, rest = records[0], records[1:]
    if any(NUMBER.match(value) or ISO.match(value) for value in first):
        return False, True
    if len(set(first)) < len(first):
        return False, False
    differs = any(
        any(INTEGER.match(row[i]) or NUMBER.match(row[i]) for row in rest if i < len(row))
        for i in range(len(first))
    )
    known = any(fit_of_name(value, role) for value in first for role in WORDS)
    return True, differs or known
