"""Promotions that meet others, or a registry that goes away: one champion, and a true audit."""

import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from typing_extensions import override

from onstage.conditions import Promotion
from onstage.errors import StaleError, TrackingError
from onstage.evaluation.comparison import Difference
from onstage.registry.audit import Audit, Entry
from onstage.registry.enact import PAGE, enact, force, reconcile
from onstage.registry.promotion import CHAMPION, Decision, decide
from onstage.registry.proposals import Proposal
from onstage.registry.versions import Registry, Version
from onstage.tracking.endpoint import Endpoint


pytestmark = pytest.mark.integration

NAME = "onstage-met"
BETTER = Difference(mean=0.02, low=0.01, high=0.03, n_events=500, n_users=90, p=0.001)
PROMOTERS, EACH = 4, 3


def registry_in(home: Path) -> Registry:
    uri = f"sqlite:///{home / 'mlflow.db'}"
    return Registry(Endpoint(uri, uri, (home / "artifacts").as_uri()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with a database, and a run that everything belongs to."""
    home = tmp_path_factory.mktemp("met")
    client = registry_in(home)._client
    experiment = client.create_experiment("met", artifact_location=(home / "artifacts").as_uri())
    return home, str(client.create_run(experiment).info.run_id)


def registered(registry: Registry, name: str, run: str, folder: Path, factors: int) -> Version:
    bundle = folder / str(factors) / "artifacts" / "bundle"
    bundle.mkdir(parents=True)
    (bundle.parents[1] / "MLmodel").write_text("flavors: {python_function: {loader_module: o}}\n")
    (bundle / "weights").write_text(f"{name} {factors}")
    recipe = {"algorithm": "als", "factors": factors}
    return registry.register(name, run, Proposal("als", recipe, "monday", bundle.parents[1]))


def verdict(challenger: Version, champion: Version | None) -> Decision:
    standing = None if champion is None else champion.standing
    return decide(Promotion(), challenger.standing, standing, {CHAMPION: BETTER, "memory": BETTER})


def chained(entries: list[Entry]) -> bool:
    """Whether every entry begins with the champion that the one before ended with."""
    return all(two.before == one.after for one, two in pairwise(entries))


def promote_when_all_are_there(home: Path, versions: list[str], run: str, start: Barrier) -> None:
    """What one of many processes does: decide against whoever is champion, until it holds."""
    registry, audit = registry_in(home), Audit(home / "audit.jsonl")
    challengers = [registry.get(NAME, version) for version in versions]
    start.wait(timeout=60)
    for challenger in challengers:
        while True:
            try:
                enact(registry, audit, NAME, verdict(challenger, registry.champion(NAME)), run)
            except StaleError:
                continue
            break


@pytest.mark.slow
def test_promoters_that_meet_leave_one_champion_and_a_chain_of_moves(
    place: tuple[Path, str], tmp_path: Path
) -> None:
    home, run = place
    registry, audit = registry_in(home), Audit(home / "audit.jsonl")
    made = [registered(registry, NAME, run, tmp_path, n) for n in range(PROMOTERS * EACH)]
    versions = [one.version for one in made]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["onstage.registry.enact"])
    start = context.Barrier(PROMOTERS)
    promoters = [
        context.Process(
            target=promote_when_all_are_there, args=(home, versions[n::PROMOTERS], run, start)
        )
        for n in range(PROMOTERS)
    ]
    for one in promoters:
        one.start()
    for one in promoters:
        one.join(timeout=120)
    assert [one.exitcode for one in promoters] == [0] * PROMOTERS
    entries = list(audit.entries(NAME))
    assert sorted(str(entry.after) for entry in entries) == sorted(versions)  # each won once
    assert entries[0].before is None
    assert chained(entries)
    assert holders(registry, NAME) == (entries[-1].after, entries[-1].before)
    assert reconcile(registry, audit, NAME) is None  # nothing to repair


def test_a_decision_about_a_former_champion_changes_nothing_and_says_who_is_champion(
    place: tuple[Path, str], tmp_path: Path
) -> None:
    home, run = place
    registry, audit, name = registry_in(home), Audit(tmp_path / "audit.jsonl"), "onstage-stale"
    one, two, three = (registered(registry, name, run, tmp_path, n) for n in range(3))
    enact(registry, audit, name, verdict(one, None), run)
    late = verdict(three, registry.champion(name))
    enact(registry, audit, name, verdict(two, registry.champion(name)), run)
    with pytest.raises(
        StaleError, match="decided against v1, but v2 is champion now; decide again"
    ):
        enact(registry, audit, name, late, run)
    challenger = registry.challenger(name)
    assert challenger is not None
    assert challenger.version == "2"
    assert "onstage.decision" not in registry.get(name, "3").tags
    assert [e.after for e in audit.entries(name)] == ["1", "2"]


class Vanishing:
    """A client whose server answers a number of calls and then is gone."""

    def __init__(self, client: Any, calls: int) -> None:  # MLflow's
        self._client, self.left = client, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.left == 0:
                message = "API request failed: connection refused\nand a long traceback"
                raise MlflowException(message)
            self.left -= 1
            return getattr(self._client, method)(*args, **kwargs)

        return call


@pytest.mark.slow
def test_a_registry_that_goes_away_at_any_call_leaves_the_champion_and_the_next_start_repairs(
    place: tuple[Path, str], tmp_path: Path
) -> None:
    home, run = place
    registry, audit, name = registry_in(home), Audit(tmp_path / "audit.jsonl"), "onstage-gone"
    versions = [registered(registry, name, run, tmp_path, n) for n in range(3)]
    for one in versions[:2]:
        enact(registry, audit, name, verdict(one, registry.champion(name)), run)
    calls = 0
    while True:  # v3 over v2, then v1 over v3, and so on: the first breaks off, the second does not
        champion, previous = holders(registry, name)
        decision = verdict(versions[(calls + 2) % 3], registry.champion(name))
        said = broken_off(registry, audit, name, decision, run, after=calls)
        if said is None:
            break  # all calls were answered
        assert "connection refused" in said
        assert "\n" not in said
        reconcile(registry, audit, name)  # the next start
        assert holders(registry, name) == (champion, previous), calls
        assert len(list(audit.entries(name))) == calls + 2
        enact(registry, audit, name, decision, run)
        assert holders(registry, name) == (decision.challenger.version, champion)
        calls += 1
    assert calls > 10  # aliases, tags, files
    assert chained(list(audit.entries(name)))


def holders(registry: Registry, name: str) -> tuple[str | None, str | None]:
    """Champion and previous champion."""
    both = registry.champion(name), registry.previous(name)
    champion, previous = (None if one is None else one.version for one in both)
    return champion, previous


def broken_off(  # a decision, and when the server dies
    registry: Registry, audit: Audit, name: str, decision: Decision, run: str, *, after: int
) -> str | None:
    """Carry out a decision while the server dies after so many calls; what was said about it."""
    client = registry._client
    registry._client = Vanishing(client, after)  # type: ignore[assignment]
    try:
        enact(registry, audit, name, decision, run)
    except TrackingError as error:
        return str(error)
    finally:
        registry._client = client
    return None


def test_a_clock_that_goes_back_between_promotions_breaks_no_chain(
    place: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = place
    registry, audit, name = registry_in(home), Audit(tmp_path / "audit.jsonl"), "onstage-clock"
    one, two = (registered(registry, name, run, tmp_path, n) for n in range(2))
    for version, year in ((one, 2031), (two, 2029)):

        class Clock(datetime):
            at = datetime(year, 1, 1, tzinfo=UTC)

            @classmethod
            @override
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return cls.at

        monkeypatch.setattr("onstage.registry.audit.datetime", Clock)
        enact(registry, audit, name, verdict(version, registry.champion(name)), run)
    monkeypatch.undo()
    assert chained(list(audit.entries(name)))
    assert audit.champion_at(name, datetime(2030, 1, 1, tzinfo=UTC)) is None
    assert audit.champion_at(name, datetime(2031, 1, 1, tzinfo=UTC)) == "2"
    force(registry, audit, name, "back to the first", version="1")
    assert chained(list(audit.entries(name)))
    assert audit.champion_at(name, datetime(2031, 1, 1, tzinfo=UTC)) == "1"


def test_the_run_keeps_the_decision_for_a_person_to_read(
    place: tuple[Path, str], tmp_path: Path
) -> None:
    home, run = place
    registry, audit, name = registry_in(home), Audit(tmp_path / "audit.jsonl"), "onstage-page"
    (one,) = (registered(registry, name, run, tmp_path, n) for n in range(1))
    enact(registry, audit, name, verdict(one, None), run)
    text = Path(registry._client.download_artifacts(run, PAGE)).read_text()
    assert text.startswith("# onstage-page: first\n")
    assert "Challenger v1; champion nobody → v1." in text
    assert "| ndcg_at_10 over memory | yes | 0.0200 | 0.0100 | 0.0300 | 0.0000 | 500 |" in text
    assert "| over popularity | not judged |  |  |  |  |  |" in text
