"""Automations on a real Prefect server, and a webhook on loopback that is told what happened."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from typing_extensions import override

from tests.e2e.servers import PREFECT, ask, prefect_server, until


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).parents[2]
ONSTAGE = str(Path(PREFECT).with_name("onstage"))


class Webhook:
    """What was posted to an address of ours."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        texts = self.texts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                texts.append(json.loads(body)["text"])
                self.send_response(200)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def told(self, word: str) -> list[str]:
        return [text for text in self.texts if word in text]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    mine = {"ONSTAGE_HOME": str(tmp_path / "onstage"), "ONSTAGE_PROGRESS": "0"}
    mine |= {"DO_NOT_TRACK": "true"}
    with prefect_server(tmp_path, {**others, **mine}) as made:
        yield made


def run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        words, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_the_gate_decides_is_posted_with_its_reasons_and_a_drift_starts_a_retrain(
    environment: dict[str, str], webhook: Webhook, config: Path, tmp_path: Path
) -> None:
    api = environment["PREFECT_API_URL"]
    refused = subprocess.run(
        [ONSTAGE, "automations", str(config)],
        check=False, cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "no deployment retrain/on-demand" in refused.stderr  # nothing is deployed yet
    assert ask(api, "/automations/filter", {}) == []  # nor is half of the file kept
    run(environment, PREFECT, "work-pool", "create", "local", "--type", "process")
    run(environment, PREFECT, "--no-prompt", "deploy", "--all")
    keep = [ONSTAGE, "automations", str(config), "--json"]
    first = json.loads(run({**environment, "ONSTAGE_WEBHOOK": webhook.url}, *keep))
    assert "onstage: champion changed, little" in first
    again = json.loads(run(environment, *keep))  # the webhook's block is known by now
    assert set(again.values()) == {"unchanged"}, again
    names = [one["name"] for one in ask(api, "/automations/filter", {})]
    assert sorted(names) == sorted(set(names))
    assert set(first) <= set(names)

    run(environment, ONSTAGE, "retrain", str(config))
    told = until(lambda: webhook.told("little: champion is v"), 60, "a first champion")
    assert "\nfirst champion v" in told[0]
    assert "ndcg_at_10 gained" in told[0]  # the reasons, with their numbers
    run(environment, ONSTAGE, "retrain", str(config), "--again")
    stays = until(lambda: webhook.told("little: champion stays v"), 60, "a kept champion")
    assert "\nkept champion v" in stays[0]

    lost = yaml.safe_load(config.read_text())
    lost["data"]["folder"] = str(tmp_path / "nowhere")
    (tmp_path / "lost.yaml").write_text(yaml.safe_dump({**lost, "name": "lost"}))
    words = [ONSTAGE, "retrain", str(tmp_path / "lost.yaml")]
    failed = subprocess.run(words, check=False, cwd=ROOT, env=environment, capture_output=True)
    assert failed.returncode == 1
    assert until(lambda: webhook.told("retrain Failed"), 60, "the message of a failure")

    event = (
        "from prefect.events import emit_event; import time;"
        "emit_event('onstage.drift', {'prefect.resource.id': 'onstage.data-set.little',"
        "'onstage.flow': 'drift'}, payload={'sentence': 'drift: the test says so'}); time.sleep(3)"
    )
    run(environment, str(Path(PREFECT).with_name("python")), "-c", event)
    assert until(lambda: webhook.told("drift: the test says so"), 60, "the message of a drift")

    scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}

    def asked_for() -> list[str]:
        runs = ask(api, "/flow_runs/filter", scheduled)
        return [one["id"] for one in runs if one["parameters"].get("config") == str(config)]

    assert until(asked_for, 60, "a retrain of the drift")
