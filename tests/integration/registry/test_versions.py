"""Versions are registered once, whole, and with what they can be made from again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient

from onstage.errors import TrackingError
from onstage.registry.versions import KEY, Registry
from tests.integration.registry.proposing import proposal


pytestmark = pytest.mark.integration


def test_a_version_remembers_the_recipe_it_can_be_made_from_again(
    registry: Registry, client: MlflowClient, run_id: str, name: str, tmp_path: Path
) -> None:
    made = registry.register(name, run_id, proposal(tmp_path))
    assert made.config == {"algorithm": "als", "factors": 64}
    assert (made.version, made.data_digest, made.model, made.run_id) == (
        "1", "monday", "als", run_id
    )  # fmt: skip
    assert registry.get(name, "1") == made
    assert (registry.download(made) / "artifacts" / "bundle" / "weights").read_text() == "w"
    (logged,) = client.search_logged_models(
        [client.get_run(run_id).info.experiment_id],
        filter_string=f"tags.`{KEY}` = '{made.tags[KEY]}'",
    )
    assert f"model_id: {logged.model_id}" in (registry.download(made) / "MLmodel").read_text()
    assert logged.metrics is not None
    assert {metric.key: metric.value for metric in logged.metrics} == {"ndcg_at_10": 0.7}


def test_registering_again_finds_the_version_whatever_the_run_and_the_folder(
    registry: Registry, client: MlflowClient, run_id: str, name: str, tmp_path: Path
) -> None:
    first = registry.register(name, run_id, proposal(tmp_path / "a"))
    experiment = client.get_run(run_id).info.experiment_id
    other = client.create_run(experiment).info.run_id
    assert registry.register(name, other, proposal(tmp_path / "b")) == first
    assert len(registry.versions(name)) == 1


@pytest.mark.parametrize("change", [{"factors": 32}, {"data": "tuesday"}, {"learned": "v"}])
def test_another_recipe_other_data_or_other_weights_are_another_version(
    registry: Registry, run_id: str, name: str, tmp_path: Path, change: dict[str, object]
) -> None:
    registry.register(name, run_id, proposal(tmp_path / "a"))
    assert registry.register(name, run_id, proposal(tmp_path / "b", **change)).version == "2"


@contextmanager
def killed_at(registry: Registry, method: str) -> Iterator[None]:
    """The process dies when it is about to call `method` of MLflow's client."""

    def stop(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry._client, method, stop)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.mark.parametrize(
    "method",
    [
        "create_logged_model",
        "log_model_artifacts",
        "log_model_artifact",
        "finalize_logged_model",
        "create_registered_model",
        "create_model_version",
    ],
)
def test_a_killed_registration_shows_no_version_and_is_completed_the_second_time(
    registry: Registry, client: MlflowClient, run_id: str, name: str, tmp_path: Path, method: str
) -> None:
    wanted = proposal(tmp_path, learned=method)
    with killed_at(registry, method):
        registry.register(name, run_id, wanted)
    assert registry.versions(name) == ()
    made = registry.register(name, run_id, wanted)
    assert (registry.download(made) / "artifacts/bundle/weights").read_text() == method
    assert len(registry.versions(name)) == 1
    experiment = client.get_run(run_id).info.experiment_id
    uploaded = client.search_logged_models(
        [experiment], filter_string=f"tags.`{KEY}` = '{wanted.key}'"
    )
    assert [model.status for model in uploaded] == ["READY"]


def test_what_was_uploaded_whole_before_the_kill_is_not_uploaded_again(
    registry: Registry, run_id: str, name: str, tmp_path: Path
) -> None:
    wanted = proposal(tmp_path, learned="heavy")
    with killed_at(registry, "create_model_version"):
        registry.register(name, run_id, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry._client, "log_model_artifacts", lambda *_: pytest.fail("again"))
        assert registry.register(name, run_id, wanted).version == "1"


def test_what_the_registry_refuses_is_one_line(registry: Registry, name: str) -> None:
    with pytest.raises(TrackingError, match=rf"{name}") as caught:
        registry.get(name, "7")
    assert "\n" not in str(caught.value)
