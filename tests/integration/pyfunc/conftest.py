"""Bundles with text and with integer identifiers, and one of them as an MLflow model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.models.als import Als, AlsConfig
from onstage.serving.bundle import Bundle, save_bundle
from onstage.serving.pyfunc import save_pyfunc


def bundle_of(*, text: bool) -> Bundle:
    """30 users and 12 items; items 0 to 5 are live from 20 to 21 h (or in step 200)."""
    rng = np.random.default_rng(7)
    rows = 400
    users, items = rng.integers(30, size=rows), rng.integers(12, size=rows) ** 2 % 12
    table = pd.DataFrame({Columns.USER: users, Columns.ITEM: items, Columns.TIME: range(rows)})
    clock = Clock(kind="step", step_seconds=600)
    start, end = 500, 506
    if text:
        table[Columns.USER] = "user-" + table[Columns.USER].astype(str)
        table[Columns.ITEM] = "ch/" + table[Columns.ITEM].astype(str)
        clock, day = Clock(), pd.Timestamp("2024-06-01T00:00:00Z")
        table[Columns.TIME] = day + pd.to_timedelta(range(rows), unit="min")
        start, end = clock.parse("2024-06-02T20:00:00Z"), clock.parse("2024-06-02T21:00:00Z")
    data = Dataset.from_interactions(table, clock=clock)
    model = Als(AlsConfig(factors=4, iterations=3)).fit(data)
    live = np.arange(min(6, data.n_items))
    index = AvailabilityIndex.merged(
        data.n_items, live, np.full(len(live), start), np.full(len(live), end)
    )
    return Bundle(model, index, RepeatPolicy())


@pytest.fixture(scope="module")
def texts() -> Bundle:
    return bundle_of(text=True)


@pytest.fixture(scope="module")
def steps() -> Bundle:
    return bundle_of(text=False)


@pytest.fixture(scope="module")
def saved(texts: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The MLflow model of the bundle with text identifiers, without anything around it."""
    folder = tmp_path_factory.mktemp("pyfunc")
    bundle = save_bundle(texts.model, folder / "bundle", availability=texts.availability)
    return save_pyfunc(bundle, folder / "model")
