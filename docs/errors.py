"""Write docs/errors.md: what every error means, and what to do. ``make docs``."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from onstage.errors import OnstageError


PAGE = Path(__file__).with_name("errors.md")
ROOT = Path(__file__).parents[1]
PACKAGES = ("onstage", "expectations", "tasks", "flows")

HEAD = """# Errors

Made from the code by `make docs`. Whatever is wrong is one of these; all are `OnstageError`, so
one `except` catches ours and nothing else's. On the command line an error is one line on stderr,
`onstage: …`, and exit status 1: the value, the rule, the remedy. Wrong usage is exit status 2.

| error | means | remedy | is also a |
| :-- | :-- | :-- | :-- |
"""


def render() -> str:
    """The whole page."""
    return HEAD + "\n".join(_row(error) for error in errors()) + "\n"


def errors() -> Iterator[type[OnstageError]]:
    """Every class of error, those that all may meet first, then by module."""
    modules = ["onstage.errors"]
    for package in PACKAGES:
        modules += [
            ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for file in sorted((ROOT / package).rglob("*.py"))
            if re.search(r"^class \w+Error\(", file.read_text(encoding="utf-8"), re.MULTILINE)
        ]
    for name in dict.fromkeys(modules):
        for one in vars(importlib.import_module(name)).values():
            if inspect.isclass(one) and issubclass(one, OnstageError) and one.__module__ == name:
                yield one


def parts(error: type[OnstageError]) -> tuple[str, str]:
    """Meaning and remedy, as the docstring has them.

    Raises
    ------
    ValueError
        If the docstring does not end in a paragraph ``Remedy: …``.
    """
    meaning, mark, remedy = inspect.cleandoc(error.__doc__ or "").partition("\n\nRemedy: ")
    if not mark:
        message = f"{error.__name__}: no remedy; end its docstring in a paragraph 'Remedy: …'"
        raise ValueError(message)
    return " ".join(meaning.split()), " ".join(remedy.split())


def _row(error: type[OnstageError]) -> str:
    meaning, remedy = parts(error)
    bases = ", ".join(f"`{base.__name__}`" for base in error.__bases__)
    place = "" if error.__module__ == "onstage.errors" else f"<br>`{error.__module__}`"
    return f"| `{error.__name__}`{place} | {meaning} | {remedy} | {bases} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
