"""Take the pictures of the tutorial's pages: ``make screenshots``.

Give the folder in which the tutorial was followed up to its rollback. Servers listen on loopback,
on free ports, and end with the script; a Chromium on the PATH takes the pictures.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PIL import Image


FIGURES = Path(__file__).with_name("figures")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
EXPERIMENT = "onstage/platform"
COLOURS = 96
"""Enough for pages; keeps a picture below 200 kB."""
WITHOUT_ASSISTANT = 1040
"""Points of MLflow's pages left of a panel that has nothing to do with us."""


@contextmanager
def served(words: Sequence[str], folder: Path, addresses: int) -> Iterator[list[str]]:
    """Run a command of ours that stays up; yields the addresses it prints."""
    with subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "flows.cli", *words],
        cwd=folder,
        env={**os.environ, "ONSTAGE_HOME": "var", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # a pipe was asked for
            found: list[str] = []
            while len(found) < addresses and (line := process.stdout.readline()):
                found += ADDRESS.findall(line)
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def picture(address: str, name: str, *, height: int = 900, keep: int = 1400) -> None:
    """Photograph a page, 1400 points wide, and write its left part with few colours."""
    browser = next(found for one in BROWSERS if (found := shutil.which(one)))
    path = FIGURES / f"{name}.png"
    subprocess.run(  # noqa: S603  # our own pages
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--force-prefers-reduced-motion", "--virtual-time-budget=60000",
            f"--window-size=1400,{height}", f"--screenshot={path}", address,
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )  # fmt: skip
    with Image.open(path) as image:
        part = image.convert("RGB").crop((0, 0, keep, height))
        few = part.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def asked(page: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # JSON
    """What one of the servers answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(page, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # our own server
        return json.load(answer)


def trials(mlflow: str) -> str:
    """The page that compares the trials of the newest sweep."""
    api = f"{mlflow}/api/2.0/mlflow"
    named = asked(f"{api}/experiments/get-by-name?experiment_name={EXPERIMENT}")
    number = named["experiment"]["experiment_id"]
    words = {"experiment_ids": [number], "filter": "tags.`onstage.kind` = 'trial'"}
    found = asked(f"{api}/runs/search", words)["runs"]
    newest = [
        run["info"]["run_id"]
        for run in found
        if run["info"]["run_name"][:-3] == found[0]["info"]["run_name"][:-3]
    ][:4]
    query = urllib.parse.urlencode(
        {"runs": json.dumps(newest), "experiments": json.dumps([number])}
    )
    return f"{mlflow}/#/compare-runs?{query}"


def retrain(prefect: str) -> str:
    """The page of the flow run with the most tasks."""
    runs = asked(f"{prefect}/api/flow_runs/filter", {"sort": "START_TIME_DESC"})
    chosen = max(runs, key=lambda run: run["total_run_time"])
    return f"{prefect}/runs/flow-run/{chosen['id']}"


def ready(page: str) -> None:
    """Wait until a champion answers."""
    for _ in range(120):
        with suppress(OSError):
            if asked(f"{page}/health")["status"] == "ok":
                return
        time.sleep(0.5)


def take(folder: Path) -> None:
    """Take every picture."""
    picture((folder / "var/datasets/platform/report.html").resolve().as_uri(), "shot-report")
    words = ["ui", "--prefect-port", "0", "--mlflow-port", "0"]
    with served(words, folder, 2) as (prefect, mlflow):
        picture(trials(mlflow), "shot-mlflow", keep=WITHOUT_ASSISTANT)
        models = f"{mlflow}/#/models/onstage-platform"
        picture(models, "shot-registry", height=680, keep=WITHOUT_ASSISTANT)
        picture(retrain(prefect), "shot-prefect")
    words = ["serve", "configs/platform.yaml", "--at", "3000", "--port", "0"]
    with served(words, folder, 1) as (page,):
        ready(page)
        picture(f"{page}/", "shot-serve")


if __name__ == "__main__":
    take(Path(sys.argv[1]))
