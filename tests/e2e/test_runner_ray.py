"""A Ray cluster that is there already, and one of our own beside whatever else is there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onstage.pipeline.workspace import Workspace
from tests.e2e.servers import free_port
from tests.e2e.test_runner import configured
from tests.integration.parallel import Fatal, search


pytest.importorskip("prefect_ray", reason="no prefect_ray here: pip install 'onstage[ray]'")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what Prefect, Ray and MLflow warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


@pytest.fixture
def ray_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Ray on this machine, started as its users do.

    Without its tokens: with them Ray 2.60's own client does not get in here, see docs/cluster.md.
    """
    ray = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block"]
    port, clients = free_port(), free_port()
    options = [f"--port={port}", f"--ray-client-server-port={clients}", "--num-cpus=2"]
    options += ["--node-ip-address=127.0.0.1", "--include-dashboard=false"]
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    place = tempfile.mkdtemp(prefix="ray")  # short, for its sockets; there it notes its address
    with (tmp_path / "ray.log").open("w") as log:
        env = {**os.environ, "RAY_TMPDIR": place}
        head = subprocess.Popen(
            [*ray, *options], stdout=log, stderr=log, env=env, start_new_session=True
        )
    try:
        for _ in range(600):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", clients)) == 0:
                    break
            assert head.poll() is None, (tmp_path / "ray.log").read_text()
            time.sleep(0.1)
        yield f"ray://127.0.0.1:{clients}"
    finally:
        os.killpg(head.pid, signal.SIGTERM)
        head.wait(60)
        shutil.rmtree(place, ignore_errors=True)


def test_a_sweep_joins_a_ray_cluster_by_its_address_and_leaves_it_there(
    config: Path, tmp_path: Path, home: Path, ray_address: str
) -> None:
    from flows.sweep import sweep
    from onstage.pipeline.sweeping import best_config

    runner = {"kind": "ray", "address": ray_address, "workers": 2}
    for name in ("joins", "joins-again"):
        path = configured(config, tmp_path, runner=runner, name=name)
        made = sweep(str(path), ["item_knn"], trials=3)
        counts = made["item_knn"].counts
        assert (counts["trials"], counts["failed"]) == (3, 0)
        assert best_config(Workspace.open(path), made["item_knn"]).algorithm == "item_knn"


def test_a_cluster_of_our_own_is_started_whatever_else_is_said_to_be_there(
    config: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray would join what an earlier cluster left as its address, and wait for it for ever."""
    from tasks.spreading import spread

    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{free_port()}")  # nobody
    with spread(Workspace.open(configured(config, tmp_path, runner="ray"))) as cluster:
        assert cluster is not None
        made = search(tmp_path, None, Fatal(tmp_path, 0), trials=1, dispatch=cluster.dispatch)
    assert made.trials["state"].tolist() == ["COMPLETE"]
