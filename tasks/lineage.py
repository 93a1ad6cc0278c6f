"""What a flow run says of itself, and what its MLflow runs say of it."""

from prefect import get_client
from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL
from prefect.utilities.urls import url_for

from onstage.pipeline.outcome import Outcome
from onstage.pipeline.repro.environment import code_name, config_digest
from onstage.pipeline.workspace import Workspace
from onstage.tracking.runs import FLOW_ID, FLOW_URL


SHORT = 12
"""Characters of a digest in a tag."""


def whose() -> dict[str, str]:
    """Tags of an MLflow run: id of the flow run, and the address of its page where it has one."""
    if flow_run.id is None:  # called as a function, without Prefect
        return {}
    tags = {FLOW_ID: str(flow_run.id)}
    if PREFECT_UI_URL.value():  # a command's own server has no pages
        tags[FLOW_URL] = str(url_for("flow-run", obj_id=flow_run.id))
    return tags


def say(**facts: str) -> None:
    """Add to the flow run's labels, and to its tags, which its page shows and finds.

    Parameters
    ----------
    facts
        ``config``, ``data``, ``code``, ``mlflow``: a digest, a version, a run's id. A tag is
        ``data:0123456789ab``, a label ``onstage.data`` with the whole value; a later one replaces
        an earlier one.
    """
    if flow_run.id is None:  # called as a function, without Prefect
        return
    kinds = tuple(f"{name}:" for name in facts)
    said = {f"{name}:{value if name == 'code' else value[:SHORT]}" for name, value in facts.items()}
    with get_client(sync_client=True) as client:
        known = client.read_flow_run(flow_run.id)
        client.update_flow_run(known.id, tags={*_others(known.tags, kinds), *said})
        labels: dict[str, bool | int | float | str] = {
            f"onstage.{name}": value for name, value in facts.items()
        }
        client.update_flow_run_labels(known.id, labels)


def say_what_runs(workspace: Workspace) -> None:
    """Say which configuration and which code a flow run is about."""
    say(config=config_digest(workspace.config), code=code_name())


def say_again(workspace: Workspace, last: Outcome) -> None:
    """Say what the outcome rests on that a flow run repeats."""
    say_what_runs(workspace)
    say(data=last.log.digest, mlflow=last.run)


def _others(tags: list[str], kinds: tuple[str, ...]) -> list[str]:
    return [tag for tag in tags if not tag.startswith(kinds)]
