"""`onstage repro`."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, json_option
from onstage.errors import OnstageError


if TYPE_CHECKING:
    from onstage.pipeline.repro.repetition import Repeated

DIFFERS, CANNOT = 1, 2
SHOWN = 10
"""Differences that are printed; --json has all."""


@click.command(name="repro")
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the repetition in this folder; a second one finds there what is finished.  "
    "[default: a temporary folder, removed afterwards]",
)
@json_option
@click.pass_context
def command(context: click.Context, run_id: str, home: Path | None, *, as_json: bool) -> None:
    """Make the run RUN_ID again, and say what differs.

    RUN_ID is the MLflow run of a retrain, backtest or promote: `onstage retrain` prints it. Its
    recorded configuration is run with the code that is installed now, up to the leaderboard, with a
    store, a tracking database and a registry of its own: those of the original are only read.
    Printed are what it was made from and is otherwise now (data, code, libraries, machine), and
    every number of the leaderboard and every artefact that came out otherwise.

    Exit status: 0 the same to the last digit, 1 it differs, 2 it cannot be made again (no such run,
    sources gone, a run of an earlier release).
    """
    place = nullcontext(home) if home else tempfile.TemporaryDirectory(prefix="onstage-repro-")
    with place as folder:
        try:
            found = repeated(run_id, Path(str(folder)))
        except OnstageError as error:
            click.echo(f"onstage: cannot repeat {run_id}: {error}", err=True)
            context.exit(CANNOT)
    answer(value_of(found), text_of(found), as_json=as_json)
    context.exit(0 if found.same else DIFFERS)


def repeated(run_id: str, home: Path) -> "Repeated":
    """Run the flow; the recorded configuration is written into `home` first."""
    from flows.running import orchestrated
    from onstage.data.sources.ingest import input_digest
    from onstage.pipeline.repro.environment import CONFIG, config_text
    from onstage.pipeline.repro.rebuilding import recorded
    from onstage.settings import apply_environment, load_mlflow_settings, load_settings

    apply_environment(load_settings())
    past = recorded(run_id, load_mlflow_settings(), load_settings())
    if past.made.sources:
        input_digest(past.config.data)  # before a server is started: a source may be gone
    home.mkdir(parents=True, exist_ok=True)
    config = home / CONFIG
    config.write_text(config_text(past.config), encoding="utf-8")
    with orchestrated(config):
        from flows.repro import repro

        return repro(run_id, str(home.resolve()))


def value_of(found: "Repeated") -> dict[str, Any]:
    """For a program."""
    return {"same": found.same, **found.model_dump(mode="json")}


def text_of(found: "Repeated") -> str:
    """For a person: what it was made from, then what came out."""
    lines = [change.sentence for change in found.changes]
    lines = lines or ["data, code, libraries and machine are what they were"]
    values = found.differences
    lines.extend(d.sentence for d in values[:SHOWN])
    if len(values) > SHOWN:
        lines.append(f"and {len(values) - SHOWN} more differences (--json has all)")
    lines.extend(f"artefact {change.sentence}" for change in found.artefacts)
    if found.left_out:
        lines.append(
            f"{found.left_out} rows of kinds of viewers are not compared: an earlier retrain "
            "numbered them"
        )
    rows = f"{found.rows} rows of the leaderboard"
    if found.same:
        lines.append(f"run {found.run}: SAME: {rows}, to the last digit")
    else:
        lines.append(
            f"run {found.run}: DIFFERS: {len(values)} numbers in {rows}, "
            f"{len(found.artefacts)} artefacts"
        )
    return "\n".join(lines)
