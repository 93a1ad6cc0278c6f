"""`onstage recommend`."""

import shutil
from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option
from onstage.files import replacing


@click.command(name="recommend")
@config_argument
@click.option("--at", help="`last`, `now`, or an instant: 2024-06-01T20:00:00Z, or a step.")
@click.option("--k", type=click.IntRange(min=1), help="Length of each list.")
@click.option(
    "--users",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of user ids: one a line, or a column user_id.  [default: all]",
)
@click.option("--only-new", is_flag=True, help="Leave out what a user had before.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where: .parquet or .csv.")
@click.option("--clusters", is_flag=True, help="Add the clusters of user and item to each row.")
@json_option
def command(  # one argument an option
    config: Path,
    at: str | None,
    k: int | None,
    users: Path | None,
    output: Path | None,
    *,
    only_new: bool,
    clusters: bool,
    as_json: bool,
) -> None:
    """Let @champion recommend what is live at an instant, to all users or some.

    Users nobody knows get what is popular among the live. Lists are shorter than K where fewer
    items are live.

    \b
    Example:  onstage recommend configs/twitch105k.yaml --at 6000 --k 5 -o lists.csv
    """
    from flows.running import orchestrated
    from onstage.pipeline.recommending import lists_path
    from onstage.pipeline.workspace import Workspace
    from onstage.serving.tables import format_of

    form = None if output is None else format_of(output)
    asked = None if users is None else str(users)
    with orchestrated(config):
        from flows.recommend import recommend

        made = recommend(str(config), at, k, asked, form, only_new, clusters)
    workspace = Workspace.open(config).asking(
        at=at, k=k, form=form, only_new=only_new, clusters=clusters
    )
    path = lists_path(workspace, made)
    if output is not None:
        path = _deliver(path, output)
    counts = ", ".join(f"{name} {value}" for name, value in made.counts.items())
    answer({"path": str(path), **made.counts}, f"{path}\n{counts}", as_json=as_json)


def _deliver(source: Path, target: Path) -> Path:
    """Copy the lists where they are wanted, replacing an older file in one step."""
    with replacing(target, "choose another file with --output") as draft:
        shutil.copyfile(source, draft)
    return target
