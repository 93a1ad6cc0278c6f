"""Write docs/glossary.md from the metrics' declared conventions. ``make docs``."""

from collections.abc import Iterator
from pathlib import Path

from onstage.metrics.catalog import ALIASES, DEPTHS, LIST_DEPTH, METRICS
from onstage.metrics.metric import Metric


PAGE = Path(__file__).with_name("glossary.md")

_DEPTHS = ", ".join(map(str, DEPTHS))
HEAD = f"""# Glossary of metrics

Made from the code by `make docs`; a test keeps it true. `onstage metrics` prints the same.

`n` is the number of relevant items of an event, `r_1 < r_2 < …` their places among its `N`
candidates, counted from 1; hits are the relevant items within depth `k`. `k` is {_DEPTHS}
unless others are asked for; lists are of {LIST_DEPTH}. Places, groups and ties are explained in
[evaluation.md](evaluation.md).

A number beyond accuracy says something only beside one of relevance: random lists cover more, are
more even, newer and more diverse than any useful ones.
"""


def render() -> str:
    """The whole page."""
    parts = [HEAD, *_overview(), "## What happened next decides\n"]
    parts += [_entry(m) for m in METRICS.values() if m.family == "relevance"]
    parts.append("## Beyond accuracy\n")
    parts += [_entry(m) for m in METRICS.values() if m.family == "lists"]
    parts.append("## Other names\n")
    parts += [f"- `{name}` is `{key}`." for name, key in ALIASES.items()]
    return "\n".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| key | name | better | over events |"
    yield "| :-- | :-- | :-- | :-- |"
    for metric in METRICS.values():
        yield f"| `{metric.key}` | {metric.name} | {metric.better} | {metric.average} |"
    yield ""


def _entry(metric: Metric) -> str:
    lines = [f"- **{label}**: {text}" for label, text in metric.lines()]
    return (
        f"### {metric.key}\n\n{metric.name[0].upper()}{metric.name[1:]}.\n\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
