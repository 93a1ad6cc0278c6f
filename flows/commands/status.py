"""`onstage status`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.options import answer, json_option


if TYPE_CHECKING:
    from onstage.pipeline.status import RunStatus, Status


@click.command(name="status")
@click.argument(
    "configs", type=click.Path(path_type=Path, dir_okay=False), metavar="CONFIG...", nargs=-1,
    required=True,
)  # fmt: skip
@json_option
def command(configs: tuple[Path, ...], *, as_json: bool) -> None:
    """Say how the data set of each CONFIG stands: champion, data, last retrains, drift, next one.

    The next scheduled retrains are asked of the Prefect server that Prefect's settings name
    (PREFECT_API_URL, or a profile); without one there is no schedule.

    \b
      onstage status configs/twitch105k.yaml configs/deskdrop.yaml
    """
    from flows.schedule import upcoming
    from onstage.pipeline.status import status_of
    from onstage.pipeline.workspace import Workspace
    from onstage.settings import apply_environment, load_settings

    apply_environment(load_settings())
    now = datetime.now(UTC)
    found = [status_of(Workspace.open(config), now) for config in configs]
    scheduled = upcoming(configs)
    value = [
        {**status.model_dump(mode="json"), "next": None if after is None else after.isoformat()}
        for status, after in zip(found, scheduled, strict=True)
    ]
    blocks = (_text(s, a, now) for s, a in zip(found, scheduled, strict=True))
    answer(value, "\n\n".join(blocks), as_json=as_json)


def _text(status: "Status", after: datetime | None, now: datetime) -> str:
    lines = [status.name]
    champion, data = status.champion, status.data
    if champion is None:
        lines.append("  champion  nobody yet")
    else:
        since = "" if champion.since is None else f", since {champion.since:%Y-%m-%d %H:%M UTC}"
        rows = "" if champion.newest_row is None else f", rows up to {champion.newest_row}"
        lines.append(f"  champion  v{champion.version} {champion.model}{since}{rows}")
        lines.extend(f"            {reason}" for reason in champion.reasons)
    if data is None:
        lines.append("  data      nothing accepted yet")
    else:
        age = "" if data.age_hours is None else f", {_ago(data.age_hours * 3600)} ago"
        lines.append(
            f"  data      {data.rows:,} rows of {data.users:,} users and {data.items:,} items, "
            f"up to {data.newest_row}{age}"
        )
    lines.extend(_run(run, now) for run in status.retrains)
    if not status.retrains:
        lines.append("  retrain   never")
    when = "not scheduled" if after is None else f"{after:%Y-%m-%d %H:%M UTC}"
    lines.append(f"  next      {when}")
    if status.drift:
        lines.append(f"  drift     {status.drift}")
    if status.report:
        lines.append(f"  report    {status.report}")
    return "\n".join(lines)


def _run(run: "RunStatus", now: datetime) -> str:
    began = "?" if run.started is None else f"{run.started:%Y-%m-%d %H:%M UTC}"
    if run.seconds is not None:
        took = f" in {_ago(run.seconds)}"
    else:
        took = "" if run.started is None else f" for {_ago((now - run.started).total_seconds())}"
    said = f": {run.said}" if run.said else ""
    return f"  retrain   {began} {run.status}{took}{said} ({run.run})"


def _ago(seconds: float) -> str:
    """A duration in its largest fitting unit."""
    for name, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
