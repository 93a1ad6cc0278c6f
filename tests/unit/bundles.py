"""Small models of the same log, ready to be served."""

from typing import Any

from onstage.availability.index import AvailabilityIndex
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions
from onstage.serving.bundle import Bundle
from onstage.testing.examples import crowd


SMALL: dict[str, dict[str, Any]] = {
    "als": {"factors": 4, "iterations": 2, "fold_in": True},
    "mf": {"factors": 4, "iterations": 2},
    "ranker": {"factors": 4, "min_events": 20, "min_rows": 2, "trees": 3, "leaves": 4},
}


def fitted(algorithm: str) -> Bundle:
    data = crowd(0)
    index = AvailabilityIndex.from_interactions(data)
    config = parse({"algorithm": algorithm, **SMALL.get(algorithm, {})})
    return Bundle(build(config).fit(data, FitOptions(availability=index)), index)
