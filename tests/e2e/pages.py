"""The documentation as a program: its files, edits and commands, in the order of the page.

In a page, ```` ```console ```` blocks hold commands (`$ …`) and some of what they print; a block
with ``title="path"`` is a file, or with ``diff`` an edit of one. ``<!-- not run: why -->`` before a
block leaves it out, ``<!-- exit status 1 -->`` says what its commands end with.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


BLOCK = re.compile(
    r"(?:<!-- (?P<note>[^>]*?) -->\n)?^```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TOKEN = re.compile(r"(…|\b[0-9a-f]{16,}\b|[-+]?\d[\d,.]*|\s+)")
SKIPPED = "not run: "
STATUS = "exit status "


@dataclass(frozen=True)
class Command:
    """One command of a page, and the lines that it must print, in this order among others."""

    line: str
    shown: tuple[str, ...]
    status: int


@dataclass(frozen=True)
class File:
    """A file that the page tells its reader to write, or to edit."""

    path: str
    body: str
    edit: bool


@dataclass(frozen=True)
class Skipped:
    """A block that the test does not run, and why."""

    body: str
    reason: str


def steps(page: Path) -> Iterator[Command | File | Skipped]:
    """What a page tells its reader to do, in its order."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        kind, title, body, note = found["kind"], found["title"], found["body"], found["note"] or ""
        if note.startswith(SKIPPED):
            yield Skipped(body, note.removeprefix(SKIPPED))
        elif kind == "console":
            status = int(note.removeprefix(STATUS)) if note.startswith(STATUS) else 0
            yield from _commands(body, status)
        elif title:
            yield File(title, body, edit=kind == "diff")


def _commands(body: str, status: int) -> Iterator[Command]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, *shown = part.splitlines()
        yield Command(line, tuple(text for text in shown if text.strip(" …")), status)


def write(file: File, folder: Path) -> None:
    """Write the file, or find the edit's one place and change it.

    An edit is a diff without line numbers: context and removed lines must be in the file once.
    """
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if not file.edit:
        path.write_text(file.body, encoding="utf-8")
        return
    lines = file.body.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.path} does not hold once:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def missing(shown: tuple[str, ...], printed: str) -> list[str]:
    """Shown lines that were not printed in this order; any number stands for any other."""
    lines = iter(printed.splitlines())
    return [
        one for one in shown if not any(_pattern(one).fullmatch(line.strip()) for line in lines)
    ]


def _pattern(shown: str) -> re.Pattern[str]:
    return re.compile("".join(_part(piece) for piece in TOKEN.split(shown.strip())))


def _part(piece: str) -> str:
    if piece == "…":
        return ".*"
    if piece.isspace():
        return r"\s+"
    if re.fullmatch(r"[0-9a-f]{16,}", piece):
        return "[0-9a-f]+"
    if TOKEN.fullmatch(piece):
        return r"[-+]?\d[\d,.]*"
    return re.escape(piece)
