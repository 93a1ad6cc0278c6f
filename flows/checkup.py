"""What `onstage doctor` sees of Prefect: server, work pools, workers, deployments."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from flows.prefect_api import asked
from flows.running import configured
from onstage.config import PipelineConfig
from onstage.pipeline.checkup.clocks import clock
from onstage.pipeline.checkup.finding import Finding
from onstage.pipeline.extras import need_extras
from onstage.tracking.endpoint import masked
from tasks.engines.engine import probe


DEPLOYMENTS = Path("prefect.yaml")
DEPLOY = "from this folder: prefect --no-prompt deploy --all"
MANY = 200
"""Deployments asked for at once."""


def runner(config: PipelineConfig) -> Iterator[Finding]:
    """Look at what a configuration needs installed, and at the cluster it names.

    Raises
    ------
    ConfigError, OrchestrationError
        If an extra is missing, or nobody answers at the address.
    """
    need_extras(config)
    asked_for = config.runner
    if asked_for.address is not None:
        probe(asked_for.kind, asked_for.address)
    place = f" at {asked_for.address}" if asked_for.address else ""
    yield Finding.ok("runner", f"{asked_for.kind}{place}")


def orchestration() -> Iterator[Finding]:
    """Look at the Prefect server that Prefect's settings name, and at what this folder needs there.

    Raises
    ------
    OrchestrationError
        If it does not answer, or does not take the credentials.
    """
    if not configured():
        value = "no server is named: each command starts its own"
        yield Finding.ok("prefect server", value, "schedules need one: PREFECT_API_URL")
        return
    yield from _server()
    if not DEPLOYMENTS.exists():
        remedy = "run this in the folder that has prefect.yaml"
        yield Finding.warning("deployments", f"no {DEPLOYMENTS} here", "one", remedy)
        return
    try:
        wanted = yaml.safe_load(DEPLOYMENTS.read_text(encoding="utf-8"))["deployments"]
        pools = sorted({one["work_pool"]["name"] for one in wanted})
        named = {(one["name"], one["entrypoint"]) for one in wanted}
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError) as error:
        value = f"{DEPLOYMENTS}: {type(error).__name__}: {error}"
        rule = "deployments, each with name, entrypoint and work_pool.name"
        yield Finding.failed("deployments", value, rule, "correct the file")
        return
    yield from _pools(pools)
    yield _deployments(named)


def _server() -> Iterator[Finding]:
    from prefect import __version__
    from prefect.settings import PREFECT_API_URL

    answer = asked("/admin/version")
    theirs, shown = str(answer.json()), masked(str(PREFECT_API_URL.value()))
    value, rule = f"{shown}, version {theirs}", f"version {__version__}, as here"
    if theirs == __version__:
        yield Finding.ok("prefect server", value, rule)
    else:
        remedy = "give server and client the same version"
        yield Finding.warning("prefect server", value, rule, remedy)
    yield from clock("prefect", answer.ahead_seconds)


def _pools(names: Iterable[str]) -> Iterator[Finding]:
    known = {pool["name"]: pool for pool in asked("/work_pools/filter", {}).json()}
    for name in names:
        if name not in known:
            rule = f"a work pool {name}, as in {DEPLOYMENTS}"
            remedy = f"prefect worker start --pool {name} --type process (it makes the pool)"
            yield Finding.failed("work pool", "missing", rule, remedy)
            continue
        if known[name]["is_paused"]:
            remedy = f"prefect work-pool resume {name}"
            yield Finding.warning("work pool", f"{name} is paused", "not paused", remedy)
        else:
            yield Finding.ok("work pool", f"{name}, {known[name]['type']}")
        yield _worker(name)


def _worker(pool: str) -> Finding:
    workers: list[dict[str, Any]] = asked(f"/work_pools/{pool}/workers/filter", {}).json()
    online = [one["name"] for one in workers if one["status"] == "ONLINE"]
    if online:
        return Finding.ok("worker", f"{len(online)} online in {pool}")
    rule, remedy = "at least one", f"prefect worker start --pool {pool}"
    return Finding.failed("worker", f"none online in {pool}", rule, remedy)


def _deployments(wanted: set[tuple[str, str]]) -> Finding:
    found = asked("/deployments/filter", {"limit": MANY}).json()
    mine = {(one["name"], one["entrypoint"]): one for one in found}
    present = {name: mine[name] for name in wanted if name in mine}
    value = f"{len(present)} of {len(wanted)}"
    if missing := sorted(wanted - set(present)):
        first = f"{missing[0][1]} as {missing[0][0]}"
        rule = f"all of {DEPLOYMENTS}"
        return Finding.warning("deployments", f"{value}; missing {first}", rule, DEPLOY)
    here = Path.cwd().resolve()
    elsewhere = {place for one in present.values() for place in _folders(one) if place != here}
    if elsewhere:
        said = f"{value}, of {min(elsewhere)}"
        return Finding.failed("deployments", said, f"they point at {here}", DEPLOY)
    return Finding.ok("deployments", f"{value}, of this folder", f"all of {DEPLOYMENTS}")


def _folders(deployment: dict[str, Any]) -> Iterator[Path]:
    for step in deployment.get("pull_steps") or ():
        for name, values in step.items():
            if name.endswith("set_working_directory"):
                yield Path(values["directory"]).resolve()
