import json
from dataclasses import asdict

import numpy as np
import pytest
from click.testing import CliRunner

from flows.commands.metrics import command
from onstage.errors import ContractError
from onstage.metrics.catalog import ALIASES, AT_K, METRICS, SUMMED, described, metric_keys


def test_every_metric_of_a_table_declares_its_convention() -> None:
    declared = {described(key).key for key in metric_keys()}
    assert declared == set(METRICS) - {"repeat_share_at_10"}  # of all events: in no row
    assert {f"{name}_at_k" for name in AT_K} <= set(METRICS)
    assert all(described(name) is described(key) for name, key in ALIASES.items())


@pytest.mark.parametrize("key", METRICS)
def test_a_convention_leaves_nothing_open(key: str) -> None:
    parts = asdict(METRICS[key])
    assert parts.pop("key") == key
    parts.pop("beware")
    assert all(parts.values())


def test_only_what_belongs_to_all_events_is_summed() -> None:
    assert sorted(SUMMED) == ["coverage_at_10", "gini_at_10"]


def test_a_key_with_any_depth_is_understood() -> None:
    assert described("recall_min_at_7") is METRICS["recall_min_at_k"]
    assert described("reward") is METRICS["hr_at_k"]


@pytest.mark.parametrize("key", ["nfcg_at_10", "auc_at_10", "ndcg_at_0", "novelty_at_5", ""])
def test_an_unknown_key_is_refused_with_those_there_are(key: str) -> None:
    with pytest.raises(ContractError, match=f"metric '{key}': there is none; .*ndcg_at_k"):
        described(key)


def test_the_command_prints_one_line_a_metric() -> None:
    lines = CliRunner().invoke(command, []).output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(METRICS)


def test_the_command_prints_one_convention_whole() -> None:
    output = CliRunner().invoke(command, ["ndcg_at_10"]).output
    assert output.startswith("ndcg_at_k: normalised discounted cumulative gain")
    assert "  divisor: " in output


def test_the_command_prints_json() -> None:
    found = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert [one["key"] for one in found] == list(METRICS)
    assert found == [asdict(metric) for metric in METRICS.values()]
    (one,) = json.loads(CliRunner().invoke(command, ["auc", "--json"]).output)
    assert one == asdict(METRICS["auc"])
    assert np.isin(["higher", "lower", "neither"], [m["better"] for m in found]).all()
