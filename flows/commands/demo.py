"""`onstage demo`."""

from pathlib import Path

import click

from onstage.errors import ConfigError


CONFIG = Path("configs/kumu-demo.yaml")


@click.command(name="demo")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Simulate a live-stream platform and retrain on it.

    Writes the raw files of a small platform into ./demo (unless they are there), then does all
    that `onstage retrain configs/kumu-demo.yaml` does, and says where to look. Works offline.
    """
    from flows.commands.retrain import command as retrain
    from onstage.data.simulate.config import SimulationConfig
    from onstage.data.simulate.writer import simulate

    if not CONFIG.exists():
        message = f"no {CONFIG} here; run `onstage demo` in a clone of the project"
        raise ConfigError(message)
    folder = Path("demo")
    if (folder / "kumu_channel_db.csv").exists():
        click.echo(f"the platform in ./{folder} is there already", err=True)
    else:
        click.echo(f"simulating a live-stream platform into ./{folder}", err=True)
        counts = simulate(SimulationConfig.small("kumu"), folder, truth=True)
        click.echo(", ".join(f"{n} {v:,}" for n, v in counts.items()), err=True)
    ctx.invoke(retrain, config=CONFIG, trials=None, as_json=False)
