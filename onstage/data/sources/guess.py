"""What a file seems to be, and the configuration that says so."""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from onstage.data.clock import Clock
from onstage.errors import SourceError


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    Attributes
    ----------
    name
        Suggested name of the data set.
    clock
        How it counts time.
    source
        The ``interactions`` section; without ``columns`` that could not be found.
    windows
        The ``windows`` entry.
    sentences
        What was guessed, and why.
    questions
        What to check before the configuration is used.
    missing
        Required columns that were not found: not empty means that this is no log.
    seen
        Every column of the file and what is in it.
    """

    name: str
    clock: Clock
    source: dict[str, Any]
    windows: str | None
    sentences: tuple[str, ...]
    questions: tuple[str, ...]
    missing: tuple[str, ...]
    seen: tuple[str, ...]


MEANING: Final = {
    "user_id": "who",
    "item_id": "what is recommended",
    "timestamp": "when",
    "ends_at": "until when",
    "duration_seconds": "for how long, in seconds",
    "event": "what kind of interaction",
    "weight": "how strong (by default every row counts 1)",
    "broadcast_id": "which broadcast of the item",
}


def render_config(guess: Guess) -> str:
    """Write a guess as a commented YAML configuration.

    Raises
    ------
    SourceError
        If a required column was not found, naming what was seen instead.
    """
    if guess.missing:
        message = (
            f"{guess.source['path']}: no column for {', '.join(guess.missing)}; saw "
            f"{'; '.join(guess.seen)}. Give the log itself; if another file has the "
            "times or the items, write a configuration with a join (docs/sources.md)"
        )
        raise SourceError(message)
    lines = [f"# Guessed by `onstage init` from {guess.source['path']}."]
    lines += [f"# CHECK: {question}" for question in guess.questions]
    lines += [f"name: {guess.name}", f"clock: {_flow(_clock(guess.clock))}", "data:"]
    lines += ["  interactions:"]
    for key, value in guess.source.items():
        lines += _entry(key, value)
    if guess.windows is not None:
        lines += ["  # An item is live while somebody watches it; null: it always is."]
        lines += [f"  windows: {guess.windows}"]
    return "\n".join(lines) + "\n"


def _clock(clock: Clock) -> dict[str, Any]:
    return clock.model_dump(exclude_none=True)


def _entry(key: str, value: Any) -> list[str]:  # noqa: ANN401  # any value of YAML
    if not isinstance(value, dict):
        return [f"    {key}: {_flow(value)}"]
    lines = [f"    {key}:"]
    for name, each in value.items():
        note = f"  # {MEANING[name]}" if key == "columns" else ""
        lines.append(f"      {_flow(name)}: {_flow(each)}{note}")
    return lines


def _flow(value: Any) -> str:  # noqa: ANN401  # any value of YAML
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return re.sub(r"\n\.\.\.\n$", "", text).strip()
