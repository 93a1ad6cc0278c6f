"""A log, who was live in it, and its split on the strictest protocol."""

import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import LiveProtocol
from tests.unit.leaks.planted import watches


@pytest.fixture(scope="module")
def log() -> Dataset:
    return watches()


@pytest.fixture(scope="module")
def index(log: Dataset) -> AvailabilityIndex:
    return AvailabilityIndex.from_interactions(log)


@pytest.fixture(scope="module")
def live(log: Dataset, index: AvailabilityIndex) -> Holdouts:
    return holdouts(LiveProtocol(track="C", part_steps=40), log, index)
