"""Some users with what they had and what they are recommended: for people to look at."""

from typing import Final

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.titles import Titles
from onstage.pipeline.exams import Log
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.recommending import lists_path
from onstage.pipeline.workspace import Workspace
from onstage.reporting.report import Sample


PLACES: Final = {
    "the busiest": 1.0,
    "busier than nine of ten": 0.9,
    "busier than three of four": 0.75,
    "in the middle": 0.5,
    "busier than one of four": 0.25,
    "the least busy": 0.0,
}
"""Whom to show: place among all users by number of rows."""
RECENT: Final = 6
"""Distinct items of the history that are shown."""


def samples(workspace: Workspace, outcome: Outcome, log: Log) -> tuple[Sample, ...]:
    """Users from the busiest to the least busy: what they had last, and what is recommended."""
    lists = _lists(workspace, outcome, log)
    titles = Titles(log.dataset.items, log.items)
    return tuple(
        _sample(log.dataset, position, lists, titles, kind)
        for position, kind in chosen(log.dataset).items()
    )


def samples_note(workspace: Workspace, outcome: Outcome, log: Log) -> str:
    """For when the lists are, and who could stand in them."""
    counts = outcome.recommendations.counts
    live, everything = int(counts["live_items"]), int((log.dataset.item_counts > 0).sum())
    model = f"Lists of version {counts['version']} of {workspace.registered_model}"
    when = f"for {counts['at']}"
    if live >= everything:
        return f"{model}, {when}, when everything could be recommended."
    return (
        f"{model}, {when}, when {live:,} items were live: nothing else can stand in a list. "
        f"The log has {everything:,}."
    )


def chosen(dataset: Dataset) -> dict[int, str]:
    """Position of each user shown, to why; fewer than :data:`PLACES` in a small log."""
    rows = dataset.user_counts
    known = np.flatnonzero(rows > 0)
    order = known[np.argsort(rows[known], kind="stable")]
    found: dict[int, str] = {}
    for kind, place in PLACES.items():
        found.setdefault(int(order[round(place * (len(order) - 1))]), kind)
    return {position: f"{kind}, {_rows(int(rows[position]))}" for position, kind in found.items()}


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _sample(
    dataset: Dataset, position: int, lists: pd.DataFrame, titles: Titles, kind: str
) -> Sample:
    user = dataset.users[position]
    had = dataset.items[dataset.item[dataset.user == position][::-1]].unique()
    mine = lists[lists[Columns.USER] == user].sort_values(Columns.RANK)
    fallback = mine.get(Columns.FALLBACK, pd.Series(dtype=bool)).any()
    return Sample(
        user=str(user),
        had=tuple(titles.label(item) for item in had[:RECENT]),
        recommended=tuple(titles.label(item) for item in mine[Columns.ITEM]),
        again=frozenset(np.flatnonzero(mine[Columns.ITEM].isin(had)).tolist()),
        note="popularity answered" if fallback else "",
        kind=kind,
    )


def _lists(workspace: Workspace, outcome: Outcome, log: Log) -> pd.DataFrame:
    path = lists_path(workspace, outcome.recommendations)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype=_kinds(log))


def _kinds(log: Log) -> dict[str, str]:
    """How identifiers are read back from a CSV: as what they are in the log."""
    ids = {Columns.USER: log.dataset.users, Columns.ITEM: log.dataset.items}
    return {name: "int64" if index.dtype.kind == "i" else "str" for name, index in ids.items()}
