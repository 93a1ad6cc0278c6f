"""Splits of published papers as exams: who was trained, what may be looked at, what is asked."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.splitting.holdout import Holdout
from onstage.splitting.settle import settle
from onstage.types import Positions


Mask = NDArray[np.bool_]
NEW: RepeatPolicy = RepeatPolicy(kind="exclude")
SECONDS: Clock = Clock(kind="step", step_seconds=1)


def dataset_of(table: pd.DataFrame) -> Dataset:
    """The rows in order of time; rows of one instant keep the order of the table."""
    return Dataset.from_interactions(table, clock=SECONDS)


def strong_generalisation(
    data: Dataset, n_asked: int, rng: np.random.Generator, *, share: float = 0.2
) -> tuple[Holdout, Holdout]:
    """Validation and test on users of whom training knows nothing.

    `n_asked` users at random are held out for each part; training has all rows of the others.
    Items outside the training are left out. Of a held-out user `share` of the items, drawn at
    random and rounded down, are asked for, the others may be looked at; who has fewer than five
    items left is shown all but has nothing to be asked, and so is no event.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara, "Variational Autoencoders for Collaborative Filtering", WWW
    2018, section 4.1 and its released code, which Steck (WWW 2019) and Rendle et al. (RecSys 2022)
    follow. Deviation: the random numbers are others.
    """
    order = rng.permutation(np.flatnonzero(data.user_counts))
    parts = order[:n_asked], order[n_asked : 2 * n_asked]
    trained = np.isin(data.user, order[2 * n_asked :])
    train = data.where(trained)
    known = train.item_counts > 0
    exams = []
    for name, users in zip(("validation", "test"), parts, strict=True):
        mine = np.isin(data.user, users) & known[data.item]
        asked = mine & asked_rows(data, mine, share, rng)
        shown = data.where(mine & ~asked)
        exams.append(exam(name, train, data.where(asked), shown, pool=np.flatnonzero(known)))
    return exams[0], exams[1]


def asked_rows(data: Dataset, among: Mask, share: float, rng: np.random.Generator) -> Mask:
    """Of each user's rows `among` these the share that is asked; none of fewer than five."""
    rows = np.flatnonzero(among)
    shuffled = rows[np.lexsort((rng.random(len(rows)), data.user[rows]))]
    user = data.user[shuffled]
    first = np.searchsorted(user, user)
    count = np.searchsorted(user, user, side="right") - first
    taken = np.arange(len(user)) - first < np.floor(share * count) * (count >= 5)
    asked = np.zeros(len(data), dtype=np.bool_)
    asked[shuffled[taken]] = True
    return asked


def leave_one_out(data: Dataset) -> tuple[Holdout, Holdout]:
    """Validation asks each user's last row but one, test the last; of users with 3 rows or more.

    Training is the same for both: all rows but the last two.

    References
    ----------
    Kang, McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018; ranked among all items
    the user has not had as in Petrov, Macdonald, RecSys 2023.
    """
    order = np.lexsort((np.arange(len(data)), data.user))
    left = np.cumsum(data.user_counts)[data.user[order]] - np.arange(len(data))  # 1: the last row
    place = np.empty(len(data), dtype=np.int64)
    place[order] = left
    enough = data.user_counts[data.user] >= 3
    train = data.where((place > 2) | ~enough)
    parts = ((name, enough & (place == n)) for name, n in (("validation", 2), ("test", 1)))
    exams = [
        exam(name, train, data.where(rows), data.where(~rows & (place > 1))) for name, rows in parts
    ]
    return exams[0], exams[1]


def random_share(data: Dataset, share: float, rng: np.random.Generator) -> Holdout:
    """Ask for a share of all rows at random: the protocol of Microsoft's recommenders."""
    asked = rng.random(len(data)) < share
    train = data.where(~asked)
    return exam("test", train, data.where(asked), train)


def exam(
    part: str, train: Dataset, asked: Dataset, shown: Dataset, *, pool: Positions | None = None
) -> Holdout:
    """One request a user who is asked, for all items of `pool` that the user was not shown.

    `pool` is the whole vocabulary by default: what training never saw can be asked for, and missed.
    """
    pairs = np.unique(asked.user * asked.n_items + asked.item)
    users, counts = np.unique(pairs // asked.n_items, return_counts=True)
    rows = train, asked, shown
    after = max(int(one.time[-1]) for one in rows if len(one)) + 1
    every = np.arange(train.n_items) if pool is None else pool
    draft = Holdout(
        protocol="masked",  # no instant divides these splits
        part=part,
        train=train,
        history=shown,
        requests=Requests(users, np.full(len(users), after)),
        candidates=Candidates.shared(every, len(users)),
        relevant_indptr=np.concatenate(([0], np.cumsum(counts))),
        relevant=pairs % asked.n_items,
        repeat=np.zeros(len(pairs), dtype=np.bool_),
        policy=NEW,
    )
    return settle(draft, shown)


def liked(table: pd.DataFrame, *, least: float = 4.0, items: int = 5) -> pd.DataFrame:
    """Ratings of `least` and more as interactions of weight 1; users need so many of them."""
    kept = table[table[Columns.WEIGHT] >= least]
    enough = kept.groupby(Columns.USER)[Columns.ITEM].transform("size") >= items
    return kept[enough].assign(**{Columns.WEIGHT: 1.0})
