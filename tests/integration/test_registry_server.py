"""The registry behind a real tracking server, which keeps the files too."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from onstage.conditions import Promotion
from onstage.errors import TrackingError
from onstage.registry.audit import Audit
from onstage.registry.enact import enact
from onstage.registry.promotion import decide
from onstage.registry.proposals import Proposal
from onstage.registry.versions import Registry
from onstage.tracking.endpoint import Endpoint


pytestmark = [pytest.mark.integration, pytest.mark.e2e]


def test_a_version_goes_to_the_server_and_comes_back_as_champion(
    server: str, tmp_path: Path
) -> None:
    registry = Registry(Endpoint(server, server, None))
    client = MlflowClient(server)
    run_id = client.create_run(client.create_experiment("served")).info.run_id
    bundle = tmp_path / "model" / "artifacts" / "bundle"
    bundle.mkdir(parents=True)
    (bundle / "weights").write_text("w")
    (bundle.parents[1] / "MLmodel").write_text("flavors: {python_function: {loader_module: x}}\n")
    proposal = Proposal("als", {"algorithm": "als"}, "monday", bundle.parents[1])
    made = registry.register("onstage-served", run_id, proposal)
    assert registry.register("onstage-served", run_id, proposal) == made
    decision = decide(Promotion(baselines=()), made.standing, None, {})
    enact(registry, Audit(tmp_path / "audit.jsonl"), "onstage-served", decision, run_id)
    champion = registry.champion("onstage-served")
    assert champion is not None
    target = tmp_path / "fetched"
    target.mkdir()
    fetched = registry.download(champion, target)
    assert fetched.is_relative_to(target)
    assert (fetched / "artifacts" / "bundle" / "weights").read_text() == "w"
    assert (registry.download(champion) / "artifacts" / "bundle" / "weights").exists()


@pytest.mark.parametrize("scheme", ["http://127.0.0.1:9", "sqlite:////proc/none/mlflow.db"])
def test_a_registry_that_cannot_be_reached_is_one_line(scheme: str) -> None:
    with pytest.raises(TrackingError, match=r"127\.0\.0\.1:9|/proc/none") as caught:
        Registry(Endpoint(scheme, scheme, None))
    assert "\n" not in str(caught.value)
