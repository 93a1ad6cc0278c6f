"""Questions to a served model: when, who is live, repeats; and its way to the champion."""

from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.conditions import Promotion
from onstage.errors import ConfigError
from onstage.registry.audit import Audit
from onstage.registry.enact import enact
from onstage.registry.promotion import decide
from onstage.registry.versions import Registry
from onstage.serving.bundle import Bundle, load_bundle, save_bundle
from onstage.serving.pyfunc import answer, parse_repeat
from onstage.serving.release import load_champion, release
from onstage.tracking.endpoint import Endpoint


pytestmark = pytest.mark.integration


def asked(users: list[object], at: list[str | None] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({Columns.USER: users})
    return table if at is None else table.assign(at=at)


def test_each_row_may_have_its_own_instant(texts: Bundle) -> None:
    early, late = "2024-06-02T20:00:00Z", "2024-06-02T21:00:00Z"
    lists = answer(texts, asked(["user-1", "user-1", "user-2"], [early, late, early]), {"k": 2})
    counts = lists.groupby([Columns.USER, "at"]).size().to_dict()
    assert counts == {("user-1", early): 2, ("user-2", early): 2}


def test_a_row_without_its_own_instant_takes_the_parameters(texts: Bundle) -> None:
    early, late = "2024-06-02T20:00:00Z", "2024-06-02T21:00:00Z"
    table = asked(["user-1", "user-2"], [None, late])
    lists = answer(texts, table, {"k": 1, "at": early})
    assert lists[Columns.USER].tolist() == ["user-1"]


def test_steps_are_given_as_text(steps: Bundle) -> None:
    lists = answer(steps, asked([1], ["500"]), {"k": 3})
    assert set(lists[Columns.ITEM]) <= set(steps.model.dataset.items[:6])
    assert answer(steps, asked([1], ["506"]), {"k": 3}).empty


@pytest.mark.parametrize("empty", [asked([]), asked([], [])])
def test_no_question_no_answer(texts: Bundle, empty: pd.DataFrame) -> None:
    table = answer(texts, empty, {})
    assert table.empty
    assert list(table)[:5] == ["user_id", "item_id", "score", "rank", "fallback"]


def test_who_is_live_can_be_said_by_whoever_knows(texts: Bundle, steps: Bundle) -> None:
    some = texts.model.dataset.items[-2:].tolist()
    lists = answer(texts, asked(["user-1"]), {"k": 5, "live": [*some, "never seen"]})
    assert set(lists[Columns.ITEM]) == set(some)
    assert answer(texts, asked(["user-1"]), {"live": []}).empty
    number = int(steps.model.dataset.items[-1])
    assert answer(steps, asked([1]), {"live": [str(number)]})[Columns.ITEM].tolist() == [number]
    with pytest.raises(ConfigError, match=r"live: .*'x'; items of this model are integers"):
        answer(steps, asked([1]), {"live": ["x"]})


def test_a_repeat_policy_is_read_from_text() -> None:
    assert parse_repeat("") is None
    assert parse_repeat("exclude") == RepeatPolicy(kind="exclude")
    assert parse_repeat("cooldown:1.5") == RepeatPolicy(kind="cooldown", cooldown_hours=1.5)
    for wrong in ("never", "cooldown", "cooldown:soon", "allow:3"):
        with pytest.raises(ConfigError, match=r"give allow, exclude or cooldown:<hours>"):
            parse_repeat(wrong)


def test_from_a_bundle_to_the_champion_and_back(texts: Bundle, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    registry = Registry(Endpoint(uri, uri, (tmp_path / "artifacts").as_uri()))
    client = MlflowClient(uri)
    run = client.create_run(
        client.create_experiment("e", artifact_location=registry.endpoint.artifact_location)
    )
    assert load_champion(registry, "onstage-texts") is None
    bundle = save_bundle(texts.model, tmp_path / "bundle", availability=texts.availability)
    config = texts.model.config.model_dump(mode="json")
    versions = {
        release(
            registry, "onstage-texts", run.info.run_id, bundle,
            model="als", config=config, data_digest="monday", metrics={"ndcg_at_10": 0.3},
        ).version
        for _ in range(2)
    }  # fmt: skip
    assert versions == {"1"}
    challenger = registry.get("onstage-texts", "1")
    decision = decide(Promotion(baselines=()), challenger.standing, None, {})
    enact(registry, Audit(tmp_path / "audit.jsonl"), "onstage-texts", decision, run.info.run_id)
    loaded = load_champion(registry, "onstage-texts")
    assert loaded is not None
    champion, again = loaded
    assert champion.config == config
    at = "2024-06-02T20:30:00Z"
    pd.testing.assert_frame_equal(
        again.recommend(["user-1"], at), texts.recommend(["user-1"], at), rtol=1e-5
    )
    assert not (Path.cwd() / "mlflow.db").exists()
    moved = registry.download(champion, tmp_path)
    assert load_bundle(moved / "artifacts" / "bundle").info == {}
