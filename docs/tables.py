"""Write docs/tables.md: what every table on the disk holds. ``make docs``."""

from collections.abc import Iterator
from pathlib import Path

from onstage.pipeline.dictionary.artefacts import ARTEFACTS
from onstage.pipeline.dictionary.canonical import CANONICAL
from onstage.pipeline.dictionary.described import Described


PAGE = Path(__file__).with_name("tables.md")

HEAD = """# Tables

Made from the code by `make docs`; a test compares it with what a retrain writes. Places are below
`ONSTAGE_HOME`; `-*` stands for the digest of a step's folder. Files are Parquet unless they end
otherwise; times are never local.
"""


def render() -> str:
    """The whole page."""
    parts = [HEAD, "## Canonical tables\n"]
    for table in CANONICAL:
        parts += _table(table)
    parts.append("## What the steps leave\n")
    for table in ARTEFACTS:
        parts += _table(table)
    return "\n".join(parts).rstrip() + "\n"


def _table(table: Described) -> Iterator[str]:
    yield f"### {table.name}\n"
    yield f"One row: {table.rows}. In {', '.join(f'`{file}`' for file in table.files)}.\n"
    yield "| column | there | meaning |"
    yield "| :-- | :-- | :-- |"
    for column, meaning in table.columns.items():
        there = "perhaps" if column in table.optional else "always"
        yield f"| `{column}` | {there} | {meaning} |"
    for pattern, meaning in table.families.items():
        yield f"| {_names(pattern)} | perhaps | {meaning} |"
    yield ""


def _names(pattern: str) -> str:
    if r"_at_\d+" in pattern:
        return "every metric, `<key>`"
    if pattern.endswith(".+"):
        return "`params.<name>`" if pattern.startswith("params") else "others"
    return ", ".join(f"`{name}`" for name in pattern.split("|"))


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
