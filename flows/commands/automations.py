"""`onstage automations`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="automations")
@config_argument
@click.option(
    "--webhook",
    envvar="ONSTAGE_WEBHOOK",
    metavar="URL",
    help="Post messages there, as JSON with a text; or set ONSTAGE_WEBHOOK.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Automations to keep.  [default: deploy/automations.yaml]",
)
@json_option
def command(config: Path, webhook: str | None, file: Path | None, *, as_json: bool) -> None:
    """Keep the automations of CONFIG's data set on the Prefect server.

    A failed or crashed flow, a champion that changed or stayed (with the reasons) and a drift are
    posted to the webhook; a drift that `onstage drift` finds starts a retrain; a run whose
    heartbeat is lost becomes Crashed. Give the command again whenever you like: automations are
    known by their names, and brought up to date. Without a webhook nothing is posted.

    \b
      prefect --no-prompt deploy --all
      onstage automations configs/twitch105k.yaml --webhook https://chat.example.com/hook
    """
    from flows.running import prepare

    prepare(config)
    from flows.automations import FILE, keep_automations
    from onstage.config import load_config

    words = {"name": load_config(config).name, "config": str(config)}
    made = keep_automations(file or FILE, words, webhook)
    answer(made, "\n".join(f"{what:9}  {name}" for name, what in made.items()), as_json=as_json)
