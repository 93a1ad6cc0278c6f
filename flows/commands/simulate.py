"""`onstage simulate`."""

from pathlib import Path

import click

from flows.commands.options import answer, json_option
from onstage.errors import ConfigError


@click.command(name="simulate")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--shape",
    type=click.Choice(["kumu", "twitch"]),
    help="Whose files are written.  [default: kumu; twitch at scale twitch100k]",
)
@click.option(
    "--scale",
    type=click.Choice(["small", "twitch100k"]),
    default="small",
    show_default=True,
    help="small: 2,000 users; twitch100k: 100,000 users and about 3 million rows.",
)
@click.option("--users", type=int, help="Number of viewers, instead of the scale's.")
@click.option("--days", type=int, help="Length in days, instead of the scale's.")
@click.option("--until-day", type=int, help="Write only what had ended by then: nightly arrivals.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same bytes.")
@click.option("--truth", is_flag=True, help="Also write tastes and schedules, for an upper bound.")
@click.option("--table", is_flag=True, help="Compare the result's marginals with the targets.")
@json_option
def command(
    folder: Path,
    shape: str | None,
    scale: str,
    users: int | None,
    days: int | None,
    until_day: int | None,
    seed: int,
    *,
    truth: bool,
    table: bool,
    as_json: bool,
) -> None:
    """Write the raw files of a simulated live-stream platform into FOLDER.

    Streamers keep weekly schedules; viewers have tastes, habits, favourites and a wish for
    something new. The files are those that the presets `kumu` and `twitch` read.
    """
    from pydantic import ValidationError

    from onstage.data.simulate.calibration import calibration_table
    from onstage.data.simulate.config import SimulationConfig
    from onstage.data.simulate.writer import simulate
    from onstage.settings import explain, load_settings

    base = SimulationConfig.twitch100k() if scale == "twitch100k" else SimulationConfig.small()
    changes = {"shape": shape, "users": users, "days": days, "seed": seed}
    rescaled = {"streamers": None} if users is not None else {}
    changed = {name: value for name, value in changes.items() if value is not None}
    try:
        config = SimulationConfig.model_validate(base.model_dump() | rescaled | changed)
    except ValidationError as error:
        raise ConfigError(explain(error, "simulate")) from error
    counts = simulate(config, folder, truth=truth, until_day=until_day)
    lines = [f"{name}: {value:,}" for name, value in counts.items()]
    if table:
        marginals = load_settings().data / "twitch-marginals"
        frame = calibration_table(folder, config.shape, marginals if marginals.is_dir() else None)
        lines += ["", frame.to_string(index=False)]
    answer({"folder": str(folder), **counts}, "\n".join(lines), as_json=as_json)
