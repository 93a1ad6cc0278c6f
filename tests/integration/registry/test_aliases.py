"""Aliases move as was decided, and the audit says when and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient

from onstage.conditions import Promotion
from onstage.errors import ConfigError
from onstage.evaluation.comparison import Difference
from onstage.registry.audit import Audit
from onstage.registry.enact import FILE, enact, reconcile, rollback
from onstage.registry.promotion import CHAMPION, Decision, decide
from onstage.registry.versions import Registry, Version
from tests.integration.registry.proposing import proposal


pytestmark = pytest.mark.integration

BETTER = Difference(mean=0.02, low=0.01, high=0.03, n_events=500, n_users=90, p=0.001)
WORSE = Difference(mean=-0.0021, low=-0.0040, high=-0.0002, n_events=500, n_users=90, p=0.03)


def registered(registry: Registry, name: str, run_id: str, folder: Path, factors: int) -> Version:
    return registry.register(name, run_id, proposal(folder / str(factors), factors))


def verdict(challenger: Version, champion: Version | None, gain: Difference = BETTER) -> Decision:
    standing = None if champion is None else champion.standing
    return decide(Promotion(), challenger.standing, standing, {CHAMPION: gain, "memory": BETTER})


def test_nobody_is_champion_of_a_model_that_does_not_exist(registry: Registry, name: str) -> None:
    assert registry.champion(name) is None
    assert registry.challenger(name) is None
    assert registry.versions(name) == ()


def test_promotion_moves_the_champion_and_keeps_the_previous(
    registry: Registry, client: MlflowClient, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    enact(registry, audit, name, verdict(one, None), run_id)
    champion = registry.champion(name)
    assert champion is not None
    assert champion.version == one.version
    assert registry.previous(name) is None

    two = registered(registry, name, run_id, tmp_path, 2)
    enact(registry, audit, name, verdict(two, champion), run_id)
    aliases = client.get_registered_model(name).aliases
    assert {alias: int(v) for alias, v in aliases.items()} == {
        "champion": 2, "challenger": 2, "previous": 1
    }  # fmt: skip
    tags = registry.get(name, "2").tags
    assert tags["onstage.decision"] == "promoted"
    assert "ndcg_at_10 gained +0.0200 [+0.0100, +0.0300] over als" in tags["onstage.reasons"]
    assert client.get_run(run_id).data.tags["onstage.reasons"] == tags["onstage.reasons"]
    assert FILE in [f.path for f in client.list_artifacts(run_id, "promotion")]
    assert [entry.action for entry in audit.entries(name)] == ["first", "promoted"]


def test_a_challenger_that_fails_is_named_as_challenger_and_nothing_else_moves(
    registry: Registry, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    enact(registry, audit, name, verdict(one, None), run_id)
    two = registered(registry, name, run_id, tmp_path, 2)
    entry = enact(registry, audit, name, verdict(two, registry.champion(name), WORSE), run_id)
    champion, challenger = registry.champion(name), registry.challenger(name)
    assert champion is not None
    assert challenger is not None
    assert (champion.version, challenger.version) == ("1", "2")
    assert entry.reasons == (
        "ndcg_at_10 gained -0.0021 [-0.0040, -0.0002] over als, needed > +0.0000",
    )


def test_enacting_twice_is_the_same_as_once(
    registry: Registry, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    two = registered(registry, name, run_id, tmp_path, 2)
    enact(registry, audit, name, verdict(one, None), run_id)
    decision = verdict(two, registry.champion(name))
    enact(registry, audit, name, decision, run_id)
    enact(registry, audit, name, decision, run_id)
    previous = registry.previous(name)
    assert previous is not None
    assert previous.version == "1"
    assert [entry.after for entry in audit.entries(name)] == ["1", "2"]


def test_a_challenger_that_was_never_registered_cannot_be_enacted(
    registry: Registry, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    decision = verdict(one, None)
    unknown = replace(decision, challenger=replace(decision.challenger, version=None))
    with pytest.raises(ConfigError, match="challenger als has no version: register it first"):
        enact(registry, audit, name, unknown, run_id)


def test_rollback_gives_the_alias_back_and_says_so_in_the_audit(
    registry: Registry, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    two = registered(registry, name, run_id, tmp_path, 2)
    enact(registry, audit, name, verdict(one, None), run_id)
    with pytest.raises(ConfigError, match="v1 is champion and there is no other version"):
        rollback(registry, audit, name, "viewers complain")
    enact(registry, audit, name, verdict(two, registry.champion(name)), run_id)
    entry = rollback(registry, audit, name, "viewers complain")
    champion, previous = registry.champion(name), registry.previous(name)
    assert champion is not None
    assert previous is not None
    assert (champion.version, previous.version) == ("1", "2")
    assert (entry.before, entry.after, entry.reasons) == ("2", "1", ("viewers complain",))
    rollback(registry, audit, name, "it was the camera", version="2")
    times = [entry.time for entry in audit.entries(name)]
    just_before = timedelta(microseconds=1)
    assert [audit.champion_at(name, time) for time in times] == ["1", "2", "1", "2"]
    assert [audit.champion_at(name, time - just_before) for time in times] == [None, "1", "2", "1"]


def test_an_alias_moved_on_mlflows_page_is_noticed_and_written_down(
    registry: Registry, client: MlflowClient, run_id: str, name: str, audit: Audit, tmp_path: Path
) -> None:
    one = registered(registry, name, run_id, tmp_path, 1)
    two = registered(registry, name, run_id, tmp_path, 2)
    enact(registry, audit, name, verdict(one, None), run_id)
    client.set_registered_model_alias(name, "champion", two.version)
    before = datetime.now(UTC)
    entry = reconcile(registry, audit, name)
    assert entry is not None
    assert (entry.action, entry.before, entry.after) == ("observed", "1", "2")
    assert entry.time >= before
    assert reconcile(registry, audit, name) is None


def test_a_promotion_killed_before_the_audit_is_written_down_as_what_it_was(
    registry: Registry, run_id: str, name: str, audit: Audit, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    one = registered(registry, name, run_id, tmp_path, 1)

    def killed(entry: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        enact(registry, audit, name, verdict(one, None), run_id)
    monkeypatch.undo()
    entry = reconcile(registry, audit, name)
    assert entry is not None
    assert (entry.action, entry.before, entry.after) == ("first", None, "1")
    assert entry.reasons[0].startswith("ndcg_at_10 gained") or "popularity" in entry.reasons[0]
