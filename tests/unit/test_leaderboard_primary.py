"""The metric that decides: measured, defined, and better when it is larger."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from onstage.errors import ConfigError
from onstage.pipeline.ranking import leading, primary_rows
from onstage.pipeline.workspace import Workspace


def workspace(metric: str) -> Workspace:
    promotion = SimpleNamespace(metric=metric, group="all")
    parts: Any = SimpleNamespace(
        config=SimpleNamespace(primary=SimpleNamespace(name="live-B")),
        mlflow=SimpleNamespace(promotion=promotion),
    )
    return cast("Workspace", parts)


def board(values: dict[str, float], metric: str = "auc") -> pd.DataFrame:
    rows = {"model": list(values), "value": list(values.values())}
    return pd.DataFrame({**rows, "protocol": "live-B", "metric": metric, "group": "all"})


def test_a_model_without_a_value_does_not_stand_among_the_leaders() -> None:
    rows = board({"als": np.nan, "memory": 0.7, "popularity": 0.6})
    assert primary_rows(rows, workspace("auc"))["model"].tolist() == ["memory", "popularity"]
    assert leading(rows, workspace("auc"))["model"] == "memory"


@pytest.mark.parametrize("values", [{"als": np.nan, "memory": np.nan}, {}])
def test_a_primary_metric_that_is_undefined_for_all_is_refused(values: dict[str, float]) -> None:
    rows = pd.concat([board(values), board({"als": 0.5}, "ndcg_at_10")])
    with pytest.raises(ConfigError, match=r"metric 'auc' of group 'all' was not measured, or is "):
        primary_rows(rows, workspace("auc"))


@pytest.mark.parametrize("metric", ["gini_at_10", "popularity_at_10", "repeat_list_share_at_10"])
def test_a_metric_of_which_more_is_not_better_decides_nothing(metric: str) -> None:
    with pytest.raises(ConfigError, match=f"more of '{metric}' is not better"):
        primary_rows(board({"als": 0.5}, metric), workspace(metric))
