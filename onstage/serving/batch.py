"""Recommendations for everybody at one instant, in bounded memory."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.contracts import ITEMS
from onstage.errors import ConfigError
from onstage.models.base import Recommender
from onstage.serving.bundle import Bundle
from onstage.serving.tables import CLUSTERS, Format, format_of, schema_of, writing
from onstage.settings import load_settings
from onstage.types import ItemIds, UserIds


logger = logging.getLogger(__name__)

BATCH_USERS = 4096
"""Users answered at once."""


def recommend_all(  # noqa: PLR0913  # everything that a batch is
    source: Bundle | Recommender[Any],
    out: Path,
    *,
    at: str | int | datetime | None = None,
    k: int = 10,
    users: UserIds | None = None,
    live: ItemIds | None = None,
    availability: AvailabilityIndex | None = None,
    repeat: RepeatPolicy | None = None,
    items: pd.DataFrame | None = None,
    clusters: Mapping[str, pd.Series] | None = None,
    batch_users: int = BATCH_USERS,
    form: Format | None = None,
) -> dict[str, int | str]:
    """Write the best `k` live items of each user to `out`.

    Parameters
    ----------
    source
        A bundle, or a fitted model.
    out
        Replaced in one step at the end; see :mod:`onstage.serving.tables`.
    at
        See :meth:`onstage.serving.bundle.Bundle.tick`.
    k : int
        Length of each list; shorter where fewer items are live.
    users : sequence of ids, optional
        All users of the model by default. Users it does not know get what is popular among the
        live, marked in the column ``fallback``. A user named twice is answered once.
    live : sequence of ids, optional
        Who is live, instead of the windows.
    availability, repeat
        Instead of the bundle's.
    items : pandas.DataFrame, optional
        Items table with ``title``, which is added to each row.
    clusters : mapping, optional
        ``user_id`` and ``item_id`` to the number of the cluster by id, which are added to each row
        as ``user_cluster`` and ``item_cluster``; empty for who has none.
    batch_users
        Users answered at once: memory grows with it, and a Parquet file has one row group each.
    form
        By the ending of `out` if not given.

    Returns
    -------
    dict
        Counts: ``users`` asked for, ``rows``, ``live_items``, ``recommended_items`` (distinct),
        ``fallback_users``, ``empty_users`` (without any row), and ``at`` as a person reads it.

    Raises
    ------
    ConfigError
        If nobody is live at `at`, if `k` or `batch_users` is less than 1, or if the ending of
        `out` names no format. Nothing is written then.
    StoreError
        If `out` cannot be written.
    """
    for name, number in (("k", k), ("batch_users", batch_users)):
        if number < 1:
            message = f"{name} must be at least 1, got {number}"
            raise ConfigError(message)
    bundle = _bundle(source, availability, repeat)
    batch = _Batch(bundle, bundle.tick(at), k, _live(bundle, bundle.tick(at), live))
    asked = bundle.model.dataset.users if users is None else pd.Index(users).unique()
    titles = None if items is None else _titles(items)
    tally = _Tally(bundle.model.dataset.n_items)
    schema = schema_of(
        _like(asked, bundle),
        bundle.model.dataset.items,
        titles=titles is not None,
        clusters=clusters is not None,
    )
    with writing(out, schema.with_metadata(batch.stamp()), form or format_of(out)) as writer:
        for table in batch.tables(asked, batch_users):
            tally.add(table, bundle)
            if titles is not None:
                table[Columns.TITLE] = titles.reindex(table[Columns.ITEM]).to_numpy()
            writer.write(table if clusters is None else _with_clusters(table, clusters))
    counts = tally.counts(len(asked), batch)
    logger.info("%s: %s", out.name, counts)
    return counts


@dataclass(frozen=True)
class _Batch:
    bundle: Bundle
    tick: int
    k: int
    live: pd.Index

    def tables(self, users: pd.Index, size: int) -> Iterator[pd.DataFrame]:
        """One table a group of users."""
        hidden = None if load_settings().progress else True
        starts = range(0, len(users), size)
        for start in tqdm(starts, desc="recommend", unit="batch", disable=hidden):
            yield self.bundle.recommend(
                users[start : start + size], self.tick, self.k, live=self.live
            )

    def stamp(self) -> dict[str, str]:
        """What a Parquet file says of itself."""
        clock = self.bundle.clock
        return {
            "onstage.at": clock.render(self.tick),
            "onstage.k": str(self.k),
            "onstage.algorithm": self.bundle.model.config.algorithm,
            "onstage.repeat": self.bundle.repeat.model_dump_json(),
        }


class _Tally:
    def __init__(self, n_items: int) -> None:
        self._seen: NDArray[np.bool_] = np.zeros(n_items, dtype=np.bool_)
        self._rows = self._users = self._fallback = 0

    def add(self, table: pd.DataFrame, bundle: Bundle) -> None:
        self._seen[bundle.model.dataset.item_positions(pd.Index(table[Columns.ITEM]))] = True
        first = table[Columns.RANK] == 1
        self._rows += len(table)
        self._users += int(first.sum())
        self._fallback += int((first & table[Columns.FALLBACK]).sum())

    def counts(self, asked: int, batch: _Batch) -> dict[str, int | str]:
        return {
            "at": batch.bundle.clock.render(batch.tick),
            "users": asked,
            "rows": self._rows,
            "live_items": len(batch.live),
            "recommended_items": int(self._seen.sum()),
            "fallback_users": self._fallback,
            "empty_users": asked - self._users,
        }


def _bundle(
    source: Bundle | Recommender[Any],
    availability: AvailabilityIndex | None,
    repeat: RepeatPolicy | None,
) -> Bundle:
    if not isinstance(source, Bundle):
        everything = AvailabilityIndex.everything(source.dataset.n_items)
        source = Bundle(source, everything)
    if availability is not None:
        source = replace(source, availability=availability)
    return source if repeat is None else replace(source, repeat=repeat)


def _live(bundle: Bundle, tick: int, live: ItemIds | None) -> pd.Index:
    positions = bundle.live_at(tick, live)
    if len(positions):
        return bundle.model.dataset.items.take(positions)
    when = bundle.clock.render(tick)
    if live is not None:
        message = f"none of the {len(live)} items given as live is known to the model; name others"
    elif len(bundle.availability.item) == 0:
        message = f"nobody is live at {when}: there are no windows; give the items that are live"
    else:
        first, last = bundle.availability.starts.min(), bundle.availability.ends.max()
        known = f"{bundle.clock.render(int(first))} and {bundle.clock.render(int(last))}"
        message = (
            f"nobody is live at {when}: the windows known lie between {known}; choose a time when "
            "somebody is, or give the items that are live"
        )
    raise ConfigError(message)


def _titles(items: pd.DataFrame) -> pd.Series:
    ITEMS.check(items)
    if Columns.TITLE not in items:
        message = f"items: no column {Columns.TITLE!r}; leave the table out or add titles"
        raise ConfigError(message)
    return items.drop_duplicates(Columns.ITEM).set_index(Columns.ITEM)[Columns.TITLE].astype(str)


def _with_clusters(table: pd.DataFrame, clusters: Mapping[str, pd.Series]) -> pd.DataFrame:
    joined = table.copy()
    for name, key in zip(CLUSTERS, (Columns.USER, Columns.ITEM), strict=True):
        numbers = clusters.get(key, pd.Series(dtype="Int64")).astype("Int64")
        joined[name] = numbers.reindex(table[key]).array
    return joined


def _like(asked: pd.Index, bundle: Bundle) -> pd.Index:
    return asked if len(asked) else bundle.model.dataset.users
