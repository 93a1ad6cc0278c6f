"""The main job, through Prefect, GX, Optuna and MLflow, on a small simulated platform."""

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.data.clock import Clock
from onstage.evaluation.pairwise import letters
from onstage.pipeline.backtest import COSTS
from onstage.pipeline.comparing import compared
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_retrain_ends_with_a_registered_version_and_a_page(first: Outcome, config: Path) -> None:
    workspace = Workspace.open(config)
    registry = registry_of(workspace)
    challenger = registry.challenger(workspace.registered_model)
    assert challenger is not None
    assert challenger.version == first.decision.challenger
    page = Path(first.page).read_text()
    assert "popularity" in page
    assert "http://" not in page.replace("http://127.0.0.1:5000", "").replace(
        "http://www.w3.org", ""
    )


def test_every_study_has_one_parent_and_one_child_a_trial(first: Outcome, config: Path) -> None:
    workspace = Workspace.open(config)
    runs = tracker_of(workspace).search(workspace.experiment)
    parents = {first.run, *(str(made.counts["run"]) for made in first.sweeps.values())}
    mine = [r for r in runs if r.run_id in parents or r.tags.get("mlflow.parentRunId") in parents]
    assert len(mine) > len(parents)
    assert {run.status for run in mine} == {"FINISHED"}
    for made in first.sweeps.values():
        children = [run for run in runs if run.tags.get("mlflow.parentRunId") == made.counts["run"]]
        assert len(children) == made.counts["trials"]
        kept = tracker_of(workspace).client.list_artifacts(str(made.counts["run"]), "sweep")
        assert {"sweep/history.png", "sweep/importance.png"} <= {file.path for file in kept}


def test_models_that_learn_at_random_are_examined_with_several_seeds(
    first: Outcome, config: Path
) -> None:
    rows = json.loads(onstage("leaderboard", config, "--json").stdout)
    primary = [r for r in rows if (r["group"], r["metric"]) == ("all", "ndcg_at_10")]
    assert {r["model"]: r["seeds"] for r in primary} == {
        "popularity": 1, "memory": 1, "item_knn": 1, "als": 2,
    }  # fmt: skip
    assert [r["model"] for r in primary if r["spread"] is not None] == ["als"]


def test_timing_shows_what_it_is_worth_to_know_who_is_live(first: Outcome, config: Path) -> None:
    made = onstage("timing", config, "--json")
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout)
    assert {row["model"] for row in found["models"]} == {recipe.name for recipe in first.recipes}
    assert all(0 <= row["offline"] <= 1 for row in found["models"])
    assert "://" not in Path(found["page"]).read_text()
    assert len(list(Path(found["figures"]).glob("*.png"))) == 5
    assert "Most streamers are live on " in found["sentences"]["week"]
    workspace = Workspace.open(config)
    runs = tracker_of(workspace).search(workspace.experiment)
    assert [run.status for run in runs if run.tags.get("onstage.kind") == "timing"] == ["FINISHED"]


def test_the_leaderboard_is_a_list_of_plain_rows(first: Outcome, config: Path) -> None:
    rows = json.loads(onstage("leaderboard", config, "--json").stdout)
    numbers = {"value", "low", "high", "n", "seeds", "spread"}
    keys = {"model", "protocol", "group", "metric", "split", *numbers}
    assert all(set(row) == keys for row in rows)
    found = {(row["model"], row["group"]) for row in rows if row["metric"] == "ndcg_at_10"}
    assert {("popularity", "all"), ("memory", "repeat"), ("als", "unseen")} <= found


def test_models_are_compared_from_the_stored_events(first: Outcome, config: Path) -> None:
    found = json.loads(onstage("compare", config, "--json").stdout)
    pairs = {(pair["a"], pair["b"]): pair for pair in found["pairs"]}
    n = len(first.backtests)
    assert len(pairs) == n * (n - 1) / 2
    assert all(pair["p_holm"] >= pair["p"] and pair["mean"] >= 0 for pair in pairs.values())
    text = onstage("compare", config, "--by", "day", "--group", "repeat").stdout
    assert "days resampled" in text
    wrong = onstage("compare", config, "--protocol", "live-C")
    assert "protocol 'live-C' is not in the configuration; there are ['live-B']" in wrong.stderr


def test_the_page_has_the_letters_of_the_comparison_and_what_serving_costs(
    first: Outcome, config: Path
) -> None:
    workspace = Workspace.open(config)
    page = Path(first.page).read_text()
    shown = dict(
        re.findall(
            r'<th scope="row">([^<]+?)(?: <span[^/]*/span>)?</th><td class="letters">(\w+)<',
            page.partition("</table>")[0],
        )
    )
    assert shown == letters(compared(workspace).pairs)
    assert f"<code>{first.log.digest}</code>" in page
    assert first.decision.conditions
    assert all(html.escape(one.reason) in page for one in first.decision.conditions)
    assert "leak lint" in page
    logged = tracker_of(workspace).client.list_artifacts(first.run)
    assert {"report.html"} <= {file.path for file in logged}
    for made in first.backtests.values():
        costs = json.loads(workspace.store.path(made, COSTS).read_text())
        own = costs[workspace.config.primary.name]
        assert 0 < own["latency_ms"] <= own["latency_p95_ms"]
        assert own["size_bytes"] > 0
        assert own["events"] > 0


def test_only_what_is_live_is_recommended(first: Outcome, config: Path, tmp_path: Path) -> None:
    log = accepted_log(Workspace.open(config), first.log)
    at = int(log.dataset.time[len(log.dataset) // 2])
    out = tmp_path / "lists.csv"
    when = str(Clock().times(log.dataset.time[[len(log.dataset) // 2]])[0].isoformat())
    result = onstage("recommend", config, "--at", when, "--k", 3, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    lists = pd.read_csv(out)
    live = set(log.dataset.items[log.availability.live_at(at)])
    assert set(lists["item_id"]) <= live
    assert lists.groupby("user_id").size().max() <= 3


def test_a_second_retrain_does_nothing_twice(first: Outcome, config: Path) -> None:
    from flows.retrain import retrain

    second = retrain(str(config))
    assert "nothing new" in second.decision.sentence
    third = retrain(str(config), again=True)
    for later in (second, third):
        assert all(step.reused for step in later.steps)
        assert later.decision.verdict == "kept"
    assert [s.digest for s in third.steps] == [s.digest for s in first.steps]
    assert [s.digest for s in second.steps] == [s.digest for s in first.steps]
    name = Workspace.open(config).registered_model
    versions = registry_of(Workspace.open(config)).versions(name)
    assert len({version.tags["onstage.bundle"] for version in versions}) == len(versions)


def test_a_damaged_artefact_is_made_again_with_the_same_bytes(first: Outcome, config: Path) -> None:
    from flows.backtest import backtest

    workspace = Workspace.open(config)
    victim = workspace.store.path(first.backtests["memory"], "live-B.parquet")
    victim.write_bytes(victim.read_bytes()[:100])
    again = backtest(str(config))
    assert again.digest == first.board.digest


def test_champion_promote_and_the_audit_tell_the_same(first: Outcome, config: Path) -> None:
    workspace = Workspace.open(config)
    told = json.loads(onstage("champion", config, "--json").stdout)
    last = audit_of(workspace).last(workspace.registered_model)
    assert last is not None
    assert told["version"] == last.after == told["since"]["after"]
    assert told["since"]["action"] == "first"
    dry = onstage("promote", config, "--dry-run")
    assert dry.exit_code == 1
    assert "kept" in dry.stdout
    assert "\n  FAILS       ndcg_at_10 gained " in dry.stdout  # over popularity
    crowned = audit_of(workspace).crowned(workspace.registered_model, datetime.now(UTC))
    assert crowned is not None
    assert {*first.decision.conditions} >= {*crowned.conditions} != set()


@pytest.mark.parametrize("command", ["cluster", "validate", "sweep", "backtest"])
def test_every_part_can_be_run_alone(first: Outcome, config: Path, command: str) -> None:
    result = onstage(command, config, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)


def test_a_damaged_memory_of_the_last_retrain_costs_a_rerun_and_no_more(
    first: Outcome, config: Path
) -> None:
    workspace = Workspace.open(config)
    (workspace.folder / "retrain.json").write_text('{"run": "half')
    refused = onstage("promote", config, "--dry-run")
    assert refused.exit_code == 1
    assert "run `onstage retrain` first" in refused.stderr
    again = onstage("retrain", config, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["times"]["steps_reused"] == len(first.steps)


def test_an_edited_search_space_is_something_new(
    first: Outcome, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onstage.pipeline import novelty

    workspace = Workspace.open(config)
    assert novelty.nothing_new(workspace) is not None
    monkeypatch.setattr(novelty, "code_digest", lambda: "edited")
    assert novelty.nothing_new(workspace) is None


def test_a_log_is_looked_at_and_retrained_on(tmp_path: Path, prefect: None) -> None:
    rng = np.random.default_rng(5)
    log = pd.DataFrame(
        {
            "viewer": rng.integers(80, size=3000),
            "video": rng.zipf(1.5, size=3000) % 40,
            "watched_at": pd.date_range("2024-01-01", periods=3000, freq="20min", tz="UTC"),
        }
    )
    log["watched_at"] = log["watched_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    log.to_csv(tmp_path / "watches.csv", index=False)
    made = tmp_path / "watches.yaml"
    looked = onstage("init", tmp_path / "watches.csv", "-o", made)
    assert looked.exit_code == 0, looked.output
    result = onstage("retrain", made, "--trials", 2, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["leaderboard"]
