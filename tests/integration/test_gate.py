"""The gate on stored answers: guardrails, limits, and champions that are not what they were."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from onstage.columns import Columns
from onstage.conditions import Guardrail, Limits
from onstage.data.store import Reference
from onstage.errors import ConfigError, ContractError
from onstage.pipeline import promoting
from onstage.pipeline.backtest import COSTS, backtested, read_events
from onstage.pipeline.gate import Gate
from onstage.pipeline.ranking import ranked
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.slices import slices_made
from onstage.pipeline.workspace import Workspace
from onstage.registry.enact import enact, force
from onstage.registry.versions import Version
from tests.integration.accepting import accepted


pytestmark = pytest.mark.integration

MODELS = {
    "popularity": {"algorithm": "popularity"},
    "memory": {"algorithm": "memory", "kind": "count"},
}
CONFIG = {
    "name": "gated",
    "clock": {"kind": "step", "step_seconds": 600},
    "data": {"preset": "twitch", "folder": "nowhere"},
    "protocols": [{"kind": "live", "track": "B", "part_steps": 300}],
    "models": MODELS,
    "clusters": {"k_max": 4},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def workspace(home: Path) -> Workspace:
    path = home / "gated.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    opened = Workspace.open(path)
    settings = opened.settings.model_copy(update={"home": home / "home", "progress": False})
    rules = opened.mlflow.promotion.model_copy(update={"guardrails": ()})
    mlflow = opened.mlflow.model_copy(update={"promotion": rules})
    return replace(opened, settings=settings, mlflow=mlflow)


def loyal(seed: int = 4, *, days: int = 14, users: int = 180) -> pd.DataFrame:
    """A log of steps: everybody has three favourites among 40, and two of three are busy."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in range(days):
        who = np.repeat(np.arange(users), np.where(np.arange(users) % 3 == 0, 2, 6))
        what = np.where(rng.random(len(who)) < 0.7, (who + rng.integers(0, 3, len(who))) % 40,
                        rng.geometric(0.1, len(who)) % 40)  # fmt: skip
        when = np.sort(rng.integers(144 * day, 144 * day + 140, len(who)))
        parts.append(
            pd.DataFrame(
                {
                    Columns.USER: [f"u{one}" for one in who],
                    Columns.ITEM: [f"s{one}" for one in what],
                    Columns.TIME: when,
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(**{Columns.ENDS_AT: table[Columns.TIME] + 30})


@pytest.fixture(scope="module")
def log(workspace: Workspace) -> Reference:
    return accepted(workspace, loyal(), "today")


@pytest.fixture(scope="module")
def gate(workspace: Workspace, log: Reference) -> Gate:
    recipes = [
        Recipe(name=name, config=config, origin="fixed")
        for name, config in workspace.config.models.items()
    ]
    backtests = {recipe.name: backtested(workspace, log, recipe) for recipe in recipes}
    board = ranked(workspace, backtests, recipes, slices_made(workspace, log))
    return Gate(workspace, log, board, backtests, recipes)


def under(gate: Gate, **rules: object) -> Gate:
    """The same evidence under other rules."""
    promotion = gate.rules.model_copy(update=rules)
    mlflow = gate.workspace.mlflow.model_copy(update={"promotion": promotion})
    workspace = replace(gate.workspace, mlflow=mlflow)
    other = object.__new__(Gate)
    other.__dict__ |= {**gate.__dict__, "workspace": workspace, "rules": promotion}
    return other


def champion(config: dict[str, Any], digest: str = "yesterday") -> Version:
    return Version("onstage-gated", "7", "run", config, digest, model="popularity")


POPULARITY = champion({"algorithm": "popularity"})
GUARDED = tuple(
    Guardrail(slice=one, max_loss=0.05, min_events=10)
    for one in ("repeat", "unseen", "activity", "clusters", "cold_items")
)


def test_every_slice_is_compared_on_its_own_events_from_the_stored_answers(gate: Gate) -> None:
    assert gate.leader == "memory"
    decision = under(gate, guardrails=GUARDED, baselines=()).decide("memory", None, POPULARITY)
    found = {c.what.removeprefix("ndcg_at_10 of "): c for c in decision.conditions[1:]}
    assert {*found} >= {
        "repeat", "unseen", "activity:low", "activity:middle", "activity:high", "viewers:1",
        "cold_items",
    }  # fmt: skip
    mine, theirs = gate.events("memory"), gate.events("popularity")
    whole = mine[mine[Columns.GROUP] == "all"]
    by_user = whole.groupby(Columns.USER).size()
    for kind in ("activity:", "viewers:"):
        assert sum(c.n for name, c in found.items() if name.startswith(kind)) == len(whole)
    for group in ("repeat", "unseen"):
        gain = mine.loc[mine[Columns.GROUP] == group, "ndcg_at_10"].to_numpy() - (
            theirs.loc[theirs[Columns.GROUP] == group, "ndcg_at_10"].to_numpy()
        )
        assert found[group].value == pytest.approx(gain.mean())
        assert found[group].n == len(gain)
    assert by_user.sum() == len(whole)


def test_a_challenger_that_serves_regulars_and_forgets_newcomers_is_stopped(gate: Gate) -> None:
    """Memory knows what one had before; of what one never had it knows nothing."""
    free = under(gate, baselines=()).decide("memory", None, POPULARITY)
    assert free.promote
    unseen = (Guardrail(slice="unseen", max_loss=0.001, min_events=10),)
    held = under(gate, guardrails=unseen, baselines=()).decide("memory", None, POPULARITY)
    assert not held.promote
    assert held.reasons[0].startswith("ndcg_at_10 of unseen changed by -")


def test_an_empty_slice_is_warned_about_and_named_and_stops_nobody(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    cold = (Guardrail(slice="cold_items", max_loss=0.01, cold_below=1),)  # every item has rows
    with caplog.at_level(logging.WARNING):
        decision = under(gate, guardrails=cold).decide("memory", None, POPULARITY)
    assert decision.promote
    assert "ndcg_at_10 of cold_items: no events, not judged" in decision.reasons
    assert "guardrail: ndcg_at_10 of cold_items: no events, not judged" in caplog.text


def test_a_metric_that_is_undefined_on_a_whole_slice_is_an_empty_slice(gate: Gate) -> None:
    novelty = (Guardrail(slice="unseen", max_loss=0.01, metric="novelty_at_10"),)  # of all only
    decision = under(gate, guardrails=novelty).decide("memory", None, POPULARITY)
    assert "novelty_at_10 of unseen: no events, not judged" in decision.reasons


def test_a_primary_metric_that_is_undefined_everywhere_is_one_clear_line(gate: Gate) -> None:
    with pytest.raises(ContractError, match="no novelty_at_10 in group 'unseen'; choose another"):
        under(gate, metric="novelty_at_10", group="unseen").decide("memory", None, POPULARITY)


def test_a_guardrail_on_a_metric_nobody_measured_is_one_clear_line(gate: Gate) -> None:
    odd = (Guardrail(slice="unseen", max_loss=0.01, metric="happiness"),)
    with pytest.raises(ContractError, match=r"no per-event metric 'happiness'; choose e\.g\."):
        under(gate, guardrails=odd).decide("memory", None, POPULARITY)


def test_limits_are_held_against_what_the_backtest_measured(gate: Gate) -> None:
    made = gate.backtests["memory"]
    costs = json.loads(gate.workspace.store.path(made, COSTS).read_text())["live-B"]
    limits = Limits(latency_ms=1e-6, size_mb=1e9)
    decision = under(gate, limits=limits).decide("memory", None, POPULARITY)
    latency, size = (c for c in decision.conditions if c.kind == "limit")
    assert (latency.value, latency.passed) == (costs["latency_p95_ms"], False)
    assert (size.value, size.passed) == (costs["size_bytes"] / 1_000_000, True)
    assert decision.reasons == (latency.reason,)


def test_correcting_for_selection_widens_the_intervals_of_gains_and_no_others(gate: Gate) -> None:
    plain = under(gate, guardrails=GUARDED[:1]).decide("memory", None, POPULARITY)
    corrected = under(gate, guardrails=GUARDED[:1], baselines=(), selection="corrected")
    rivals = [Recipe(name=str(n), config=gate.config("memory"), origin="fixed") for n in range(9)]
    corrected.recipes = [*corrected.recipes, *rivals]
    wide = corrected.decide("memory", None, POPULARITY)
    one, other = plain.conditions[0], wide.conditions[0]
    assert one.value == other.value
    low, high = np.array([[one.low, one.high], [other.low, other.high]], dtype=float).T
    assert low[1] < low[0] < high[0] < high[1]
    assert plain.conditions[-1].low == wide.conditions[-1].low  # of the guardrail


def test_the_champion_is_examined_anew_whatever_it_once_scored(gate: Gate) -> None:
    boast = replace(POPULARITY, tags={"onstage.metrics": '{"live-B/all/ndcg_at_10": 1.0}'})
    assert under(gate, baselines=()).decide("memory", None, boast) == under(
        gate, baselines=()
    ).decide("memory", None, POPULARITY)


def test_a_champion_whose_recipe_cannot_be_read_says_what_to_do(gate: Gate) -> None:
    gone = champion({"algorithm": "crystal-ball"})
    with pytest.raises(ConfigError, match="onstage-gated v7: its recipe cannot be read") as caught:
        gate.decide("memory", None, gone)
    assert "point the alias at another version in MLflow, or remove it" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_champion_that_changed_after_the_leaderboard_was_made_is_not_compared(gate: Gate) -> None:
    other = champion({"algorithm": "ease"})
    with pytest.raises(ConfigError, match=r"\(ease\) is not on this leaderboard; run `onstage pro"):
        gate.decide("memory", None, other)


def test_a_champion_that_never_met_todays_users_is_asked_about_them_all_the_same(
    workspace: Workspace, gate: Gate
) -> None:
    """Its recipe learns today's rows first: it is the recipe that stands, not the old arrays."""
    table = loyal(9).assign(**{Columns.USER: lambda t: "new-" + t[Columns.USER]})
    log = accepted(workspace, table, "only newcomers")
    backtests = {recipe.name: backtested(workspace, log, recipe) for recipe in gate.recipes}
    board = ranked(workspace, backtests, gate.recipes)
    today = Gate(workspace, log, board, backtests, gate.recipes)
    decision = under(today, baselines=()).decide("memory", None, POPULARITY)
    answered = today.events("popularity")
    assert decision.conditions[0].n == int((answered[Columns.GROUP] == "all").sum()) > 0
    assert answered[Columns.USER].str.startswith("new-").all()


def test_answers_of_another_protocol_are_not_compared(
    workspace: Workspace, log: Reference, gate: Gate
) -> None:
    asked = workspace.config.model_copy(
        update={"protocols": (gate.workspace.config.primary.model_copy(update={"track": "A"}),)}
    )
    elsewhere = replace(workspace, config=asked)
    (recipe,) = (r for r in gate.recipes if r.name == "memory")
    made = backtested(elsewhere, log, recipe)
    wrong = workspace.step(
        "backtest",
        "mixed-up",
        {},
        {},
        lambda folder: (
            read_events(elsewhere, made, "live-A").iloc[1:].to_parquet(folder / "live-B.parquet"),
            {},
        )[1],
    )
    mixed = under(gate, baselines=())
    mixed.backtests = {**gate.backtests, "memory": wrong}
    with pytest.raises(ContractError, match="not the same ones; evaluate both models on the same"):
        mixed.decide("memory", None, POPULARITY)


@pytest.mark.slow
def test_who_became_champion_meanwhile_is_who_is_decided_against_next(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While memory was compared with nobody, somebody else promoted popularity."""
    free = under(gate, baselines=())
    workspace, name = free.workspace, free.workspace.registered_model
    registry = promoting.registry_of(workspace)
    run = registry._client.create_run(registry._client.create_experiment("gated")).info.run_id
    parts = (workspace, gate.log, ranked(workspace, gate.backtests, gate.recipes))
    calls: list[Any] = []

    def overtaken(*words: Any) -> Any:
        calls.append(words[3].champion)
        if len(calls) == 1:
            other, _ = promoting._register(gate, registry, "popularity", run)
            force(
                registry, promoting.audit_of(workspace), name, "I was first", version=other.version
            )
        return enact(*words)

    monkeypatch.setattr("onstage.pipeline.promoting.enact", overtaken)
    with caplog.at_level(logging.WARNING):
        verdict = promoting.promoted(*parts, gate.backtests, gate.recipes, run)
    assert "decided against nobody, but v2 is champion now; decide again" in caplog.text
    assert calls[0] is None
    assert (calls[1].version, verdict.verdict) == ("2", "promoted")
    assert [(c.kind, c.challenger) for c in verdict.conditions] == [("champion", "memory")]
    entries = list(promoting.audit_of(workspace).entries(name))
    assert [(e.action, e.before, e.after) for e in entries] == [
        ("forced", None, "2"),
        ("promoted", "2", "1"),
    ]
