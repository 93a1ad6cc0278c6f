"""Small logs whose right answer is known."""

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.types import Id, ItemIds


STEPS = Clock(kind="step", step_seconds=3600)
"""A clock of hours."""


def log(rows: list[tuple[Id, Id, int]], *, items: ItemIds | None = None) -> Dataset:
    """Make a dataset of (user, item, hour)."""
    table = pd.DataFrame(rows, columns=[Columns.USER, Columns.ITEM, Columns.TIME])
    return Dataset.from_interactions(table, clock=STEPS, items=items)


def checkerboard(n: int) -> Dataset:
    """Even users like even items, odd users odd ones, and the diagonal is held out.

    The one right recommendation of something new for user ``u`` is therefore item ``u``. The idea
    is ``get_checker_board`` in the tests of benfred/implicit.
    """
    return log([(u, i, 0) for u in range(n) for i in range(u % 2, n, 2) if i != u])


def halves(n: int) -> Dataset:
    """The first half of the users likes even items, the second half odd ones; `n` of each, even.

    Held out are item ``2u`` and item ``2u - n + 1``. As many users as items, but the transposed log
    is another log: whoever mixes up users and items recommends the wrong half.
    """
    pairs = [(u, 2 * j + int(u >= n // 2)) for u in range(n) for j in range(n // 2)]
    return log([(u, i, 0) for u, i in pairs if i != new_in_halves(u, n)])


def new_in_halves(user: int, n: int) -> int:
    """The item held out from `user` in :func:`halves`."""
    return 2 * user if user < n // 2 else 2 * user - n + 1


def crowd(
    seed: int, *, users: int = 12, items: int = 15, rows: int = 150, hours: int = 40
) -> Dataset:
    """A log at random: few popular items, users who repeat, several rows at one time."""
    rng = np.random.default_rng(seed)
    popular = 1 / np.arange(1, items + 1)
    table = pd.DataFrame(
        {
            Columns.USER: rng.integers(users, size=rows),
            Columns.ITEM: rng.choice(items, size=rows, p=popular / popular.sum()),
            Columns.TIME: np.sort(rng.integers(hours, size=rows)),
            Columns.WEIGHT: rng.integers(1, 5, size=rows).astype(np.float32),
        }
    )
    table[Columns.ENDS_AT] = table[Columns.TIME] + 3
    return Dataset.from_interactions(table, clock=STEPS)
