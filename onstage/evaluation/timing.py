"""What recommendations are worth when nobody asks who is live."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.blocks import gathered
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.sample import evenly
from onstage.evaluation.shown import shown
from onstage.evaluation.summary import value_of
from onstage.metrics.catalog import LIST_DEPTH
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout
from onstage.splitting.settle import is_candidate


CELLS: Final = 4_000_000
"""Most scores: events x items. More events are thinned out evenly."""


@dataclass(frozen=True)
class Blindness:
    """One model with and without availability, on the same events.

    Attributes
    ----------
    offline
        Share of the recommendations, lists of 10 from the whole catalogue, that are not live.
    aware, blind
        NDCG@10 among the live, and among the whole catalogue.
    n
        Number of events.
    """

    offline: float
    aware: float
    blind: float
    n: int


def blindness(
    model: Recommender[Any],
    holdout: Holdout,
    availability: AvailabilityIndex,
    *,
    cells: int = CELLS,
) -> Blindness:
    """Ask one model the same events twice: about the live, and about everything.

    Parameters
    ----------
    model
        Fitted on ``holdout.train`` or less.
    availability
        Who is live when; not one that is always available.
    cells
        Bounds the work on long logs with large catalogues.
    """
    aware = thinned(holdout, max(1, cells // holdout.train.n_items))
    blind = unaware(aware)
    return Blindness(
        offline=offline_share(model, blind, availability),
        aware=value_of(evaluate(model, aware), "ndcg_at_10"),
        blind=value_of(evaluate(model, blind), "ndcg_at_10"),
        n=len(aware),
    )


def thinned(holdout: Holdout, most: int) -> Holdout:
    """Keep at most `most` events, spread evenly."""
    if len(holdout) <= most:
        return holdout
    events = evenly(len(holdout), most)
    counts = np.diff(holdout.relevant_indptr)
    kept = np.isin(np.repeat(np.arange(len(holdout)), counts), events)
    return replace(
        holdout,
        requests=holdout.requests.take(events),
        candidates=holdout.candidates.take(events),
        relevant_indptr=np.concatenate(([0], np.cumsum(counts[events]))),
        relevant=holdout.relevant[kept],
        repeat=holdout.repeat[kept],
    )


def unaware(holdout: Holdout) -> Holdout:
    """The same events with the whole catalogue as candidates; the repeat policy still holds."""
    everything = Candidates.shared(np.arange(holdout.train.n_items), len(holdout))
    policy = holdout.policy
    pool = policy.apply(everything, holdout.requests, holdout.past, holdout.train.clock)
    return replace(holdout, candidates=pool)


def offline_share(
    model: Recommender[Any],
    holdout: Holdout,
    availability: AvailabilityIndex,
    *,
    k: int = LIST_DEPTH,
) -> float:
    """Share of all recommended items that are not live at their request."""
    model.observe(holdout.past)
    popularity = np.append(model.dataset.item_counts, 0).astype(np.float32)
    live = availability.candidates(holdout.requests.times)
    total = offline = 0
    scored = model.scored(holdout.requests, holdout.candidates)
    for block in gathered(scored, holdout.train.n_items):
        row, column = shown(block.scores, popularity[block.items], k)
        request, item = block.rows[row], block.items_at(row, column)
        on_air = is_candidate(live, request, item, holdout.train.n_items)
        total += len(on_air)
        offline += int((~on_air).sum())
    return offline / total if total else float("nan")


def repeat_gaps(log: Dataset) -> NDArray[np.float64]:
    """Hours between each row and the same user's row of the same item before it, in no order."""
    pair = log.user * log.n_items + log.item
    order = np.lexsort((log.time, pair))
    pair, time = pair[order], log.time[order]
    again = pair[1:] == pair[:-1]
    return np.asarray((time[1:] - time[:-1])[again] * log.clock.seconds_per_tick / 3600)
