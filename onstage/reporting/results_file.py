"""One data set's results as a small JSON file: a page is made again without measuring again."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from onstage.errors import SourceError
from onstage.reporting.results import Comparison, DatasetResult
from onstage.reporting.tables import LEADERBOARD, PRIMARY, Cell, leaderboard_records


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str
    protocol: str
    group: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class _Comparison(_Row):
    baseline: str


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    leaderboard: list[_Row]
    champion: str | None = None
    comparisons: list[_Comparison] = []
    description: str = ""
    command: str = ""
    metrics: tuple[str, ...] | None = None
    primary: str = PRIMARY


def write_result(result: DatasetResult, path: Path) -> None:
    """Write `result` as JSON; ``leaderboard`` is what ``onstage leaderboard --json`` prints."""
    plain: dict[str, Any] = {
        "name": result.name,
        "description": result.description,
        "command": result.command,
        "champion": result.champion,
        "primary": result.primary,
        "metrics": result.metrics,
        "comparisons": [_plain(comparison) for comparison in result.comparisons],
        "leaderboard": leaderboard_records(result.leaderboard),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n")


def read_result(path: Path) -> DatasetResult:
    """Read what :func:`write_result` wrote.

    Raises
    ------
    SourceError
        The file is missing or is not such a result.
    """
    try:
        read = _Result.model_validate_json(path.read_text())
    except OSError as error:
        message = f"result {path}: {error.strerror}; run the retrain that makes it"
        raise SourceError(message) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = f"result {path}: {where}: {first['msg']}; write it with write_result"
        raise SourceError(message) from error
    rows = pd.DataFrame([row.model_dump() for row in read.leaderboard], columns=_columns())
    floats = dict.fromkeys(("value", "low", "high"), "float64")
    return DatasetResult(
        name=read.name,
        leaderboard=rows.astype({**floats, "n": "int64"}),
        champion=read.champion,
        comparisons=tuple(_comparison(c) for c in read.comparisons),
        description=read.description,
        command=read.command,
        metrics=read.metrics,
        primary=read.primary,
    )


def _columns() -> list[str]:
    return list(LEADERBOARD.required)


def _plain(comparison: Comparison) -> dict[str, Any]:
    frame = pd.DataFrame(
        [
            (
                comparison.model,
                comparison.protocol,
                comparison.group,
                comparison.metric,
                comparison.difference.value,
                comparison.difference.low,
                comparison.difference.high,
                comparison.n,
            )
        ],
        columns=_columns(),
    )
    return {**leaderboard_records(frame)[0], "baseline": comparison.baseline}


def _comparison(read: _Comparison) -> Comparison:
    ends = (float("nan") if x is None else x for x in (read.value, read.low, read.high))
    return Comparison(
        model=read.model,
        baseline=read.baseline,
        protocol=read.protocol,
        difference=Cell(*ends),
        n=read.n,
        group=read.group,
        metric=read.metric,
    )
