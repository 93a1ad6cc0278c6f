"""One model, one exam: what came of every event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.requests import ragged
from onstage.evaluation.blocks import gathered
from onstage.evaluation.inputs import among_inputs
from onstage.evaluation.listed import Lists, list_metrics
from onstage.evaluation.overlap import check_no_overlap
from onstage.evaluation.places import places
from onstage.evaluation.shown import shown
from onstage.metrics.catalog import DEPTHS, LIST_DEPTH, LISTS, SERENDIPITY, rank_metrics
from onstage.metrics.ranks import Ranks
from onstage.metrics.serendipity import among_most_popular
from onstage.models.base import Recommender
from onstage.settings import load_settings
from onstage.splitting.holdout import Holdout
from onstage.splitting.settle import had_before
from onstage.types import Positions


EventTable: TypeAlias = pd.DataFrame
"""One row per event and group, made by :func:`evaluate`; plain columns, so Parquet keeps it.

``event`` (number within the holdout), ``user_id``, ``timestamp`` (the log's own time), ``group``,
``n_relevant``, ``n_candidates``, ``fallback`` (popularity answered for a user the model does not
know), and one column per metric (:data:`onstage.metrics.catalog.METRICS`). ``nan`` is undefined:
``auc`` where every candidate is relevant, and metrics of lists
(:data:`onstage.metrics.catalog.LISTS`) outside the group ``all``.
"""

EVENT: Final = "event"
N_RELEVANT: Final = "n_relevant"
N_CANDIDATES: Final = "n_candidates"
KEYS: Final = (
    EVENT,
    Columns.USER,
    Columns.TIME,
    Columns.GROUP,
    N_RELEVANT,
    N_CANDIDATES,
    Columns.FALLBACK,
)
"""Columns of the per-event table that are no metrics."""

ALL: Final = "all"
REPEAT: Final = "repeat"
UNSEEN: Final = "unseen"
IN_WINDOW: Final = "in_window"
OLDER: Final = "older"
REP: Final = "rep"
NEW: Final = "new"


@dataclass(frozen=True, eq=False)
class _Answers:
    """What a walk over the whole ranking of every event leaves behind."""

    ahead: NDArray[np.int64]
    tied: NDArray[np.int64]
    surprising: NDArray[np.bool_]
    n_candidates: NDArray[np.int64]
    lists: Lists


def evaluate(
    model: Recommender[Any], holdout: Holdout, *, ks: Sequence[int] = DEPTHS
) -> EventTable:
    """Rank all candidates of every event, and measure where the relevant ones stand.

    The model is shown ``holdout.history`` (see :meth:`Recommender.observe`); a request at ``t``
    sees rows before ``t`` only. Ranking is full, never sampled, and ties stand at the mean of
    their block (:class:`onstage.metrics.ranks.Ranks`).

    Parameters
    ----------
    model
        Fitted, on ``holdout.train`` or less.
    holdout
        The exam.
    ks
        Depths of the metrics.

    Returns
    -------
    EventTable
        Group ``all``, then ``repeat`` (the user had the item before) and ``unseen``; on track A
        also ``in_window`` and ``older`` (had it within the input rows, or only before them), and
        the paper's ``rep`` and ``new`` (:func:`onstage.evaluation.inputs.among_inputs`). A
        group's rows are the events with a relevant item of that group, its relevant items are
        those alone, and all candidates still compete with them.

    Raises
    ------
    LeakError
        If the model was fitted on what it is asked.
    ContractError
        If the model's vocabulary is not the holdout's.

    Notes
    -----
    Memory is bounded by one block of scores and by the per-event table.
    """
    check_no_overlap(holdout, model.dataset)
    model.observe(holdout.past)
    answers = _walk(model, holdout)
    event = np.repeat(np.arange(len(holdout)), np.diff(holdout.relevant_indptr))
    fallback = ~model.knows_users(holdout.requests)
    lists = list_metrics(holdout, answers.lists)
    nothing = dict.fromkeys(LISTS, np.nan)
    parts = []
    for group, members in _groups(holdout, event):
        events, number = np.unique(event[members], return_inverse=True)
        ranks = Ranks.from_ties(
            number, answers.ahead[members], answers.tied[members], answers.n_candidates[events]
        )
        columns = {
            EVENT: events,
            Columns.USER: holdout.train.users[holdout.requests.users[events]],
            Columns.TIME: holdout.train.clock.times(holdout.requests.times[events]).to_numpy(),
            Columns.GROUP: group,
            N_RELEVANT: ranks.n_relevant,
            N_CANDIDATES: ranks.n_candidates,
            Columns.FALLBACK: fallback[events],
            **rank_metrics(ranks, ks),
            SERENDIPITY: np.bincount(number, answers.surprising[members], len(events))
            / np.minimum(ranks.n_relevant, LIST_DEPTH),
        }
        columns |= lists if group == ALL else nothing
        rows = pd.RangeIndex(len(events))
        parts.append({name: pd.Series(value, index=rows) for name, value in columns.items()})
    return _stacked(parts)


def _stacked(parts: list[dict[str, pd.Series]]) -> EventTable:
    """The parts below each other, column by column, so that hardly more than one is held twice."""
    columns = {
        name: pd.concat([part.pop(name) for part in parts], ignore_index=True)
        for name in list(parts[0])
    }
    return pd.DataFrame(columns, copy=False)


def _walk(model: Recommender[Any], holdout: Holdout) -> _Answers:
    ahead = np.zeros(len(holdout.relevant), dtype=np.int64)
    tied = np.zeros(len(holdout.relevant), dtype=np.int64)
    surprising = np.zeros(len(holdout.relevant), dtype=np.bool_)
    n_candidates = np.zeros(len(holdout), dtype=np.int64)
    catalogue = np.zeros(holdout.train.n_items, dtype=np.bool_)
    fitted, trained = _counts(model.dataset), _counts(holdout.train)
    lists: list[tuple[Positions, Positions]] = []
    indptr = holdout.relevant_indptr
    silent = None if load_settings().progress else True
    with tqdm(total=len(holdout), desc="evaluate", leave=False, disable=silent) as bar:
        scored = model.scored(holdout.requests, holdout.candidates)
        for block in gathered(scored, holdout.train.n_items):
            valid = ~np.isnan(block.scores)
            n_candidates[block.rows] = sizes = _row_sizes(valid)
            catalogue[block.distinct(valid)] = True
            line, pair = ragged(indptr[block.rows], indptr[block.rows + 1])
            wanted = block.columns(line, holdout.relevant[pair])
            ahead[pair], tied[pair] = places(block.scores, line, block.scores[line, wanted])
            row, column = shown(block.scores, fitted[block.items], LIST_DEPTH)
            lists.append((block.rows[row], block.items_at(row, column)))
            listed = np.zeros(valid.shape, dtype=np.bool_)
            listed[row, column] = True
            hit = np.flatnonzero(listed[line, wanted])
            surprising[pair[hit]] = ~among_most_popular(
                valid, sizes, trained[block.items], line[hit], wanted[hit], LIST_DEPTH
            )
            bar.update(len(block.rows))
    event, item = (np.concatenate(column) for column in zip(*lists, strict=True))
    shown_lists = Lists(event, item, int(catalogue.sum()))
    return _Answers(ahead, tied, surprising, n_candidates, shown_lists)


def _row_sizes(valid: NDArray[np.bool_]) -> Positions:
    """Candidates of each row; where nothing is left out, without looking at each row."""
    if np.count_nonzero(valid) == valid.size:
        return np.full(len(valid), valid.shape[1])
    return np.asarray(np.count_nonzero(valid, axis=1), dtype=np.int64)


def _counts(dataset: Dataset) -> NDArray[np.float32]:
    """Training popularity of each item, and 0 for the padding of a block."""
    return np.append(dataset.item_counts, 0).astype(np.float32)


def _groups(holdout: Holdout, event: Positions) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Name and members (a mask over relevant items) of every group that has any."""
    groups = {ALL: np.ones(len(event), dtype=np.bool_), REPEAT: holdout.repeat}
    groups[UNSEEN] = ~holdout.repeat
    if holdout.window is not None:
        users, times = holdout.requests.users[event], holdout.requests.times[event]
        inside = had_before(holdout.history, users, holdout.relevant, times)
        groups[IN_WINDOW] = holdout.repeat & inside
        groups[OLDER] = holdout.repeat & ~inside
        groups[REP] = among_inputs(holdout, users, holdout.relevant)
        groups[NEW] = ~groups[REP]
    return ((group, members) for group, members in groups.items() if members.any())
