"""The command `onstage`: one verb a command; heavy imports wait until a command needs them."""

import importlib
import logging
import os
import sys
from typing import Final

import click
from typing_extensions import override

from onstage.errors import OnstageError


COMMANDS: Final = {
    "demo": "Simulate a live-stream platform and retrain on it: the tour.",
    "rehearse": "Play two weeks of production in minutes: a retrain a night.",
    "demo-production": "Play two weeks of production on real servers: the tour of operations.",
    "init": "Look at a log file and write a configuration for it.",
    "simulate": "Write the raw files of a simulated live-stream platform.",
    "validate": "Ingest a data set and check what must be true of it.",
    "sweep": "Tune one algorithm, or all of the configuration's.",
    "compare-ratings": "Cross-validate ratings models: RMSE, MAE, seconds.",
    "sweep-ratings": "Tune a ratings model on folds, and check it on a hold-out.",
    "estimate": "Say how long a user would watch an item, and what that rests on.",
    "backtest": "Examine every recipe on the same test events.",
    "automations": "Keep automations on the Prefect server: messages, retrains on drift.",
    "drift": "Say whether what arrives, or what the champion reaches, has changed.",
    "retrain": "From the raw log to a registered champion: everything.",
    "doctor": "Look at everything a retrain needs, and say what to do.",
    "status": "Say how data sets stand: champion, data, last retrains, the next one.",
    "leaderboard": "Print the newest leaderboard.",
    "metrics": "Say what the key of every metric stands for.",
    "leaks": "Print what the leak lint looked at.",
    "compare": "Compare the newest retrain's models pair by pair.",
    "repro": "Make a logged run again, and say what differs.",
    "promote": "Decide whether the newest leader becomes champion.",
    "champion": "Say who is, or was, champion, since when and why.",
    "rollback": "Give @champion back to the version before.",
    "explore": "Show what a data set looks like: one page of figures and tables.",
    "cluster": "Group users and items by what they do.",
    "recommend": "Write recommendations of what is live, for all users or some.",
    "serve": "Answer over HTTP with the champion; swap it when it moves.",
    "masked-auc": "Hide pairs; say how well a model and popularity rank them.",
    "similar": "Say what is like an item, by title.",
    "explain": "Say why an item is recommended to a user.",
    "for-user": "Show one user's recommendations by title, beside what they liked.",
    "timing": "Show what it is worth to know who is live: a page of figures.",
    "stack": "Start PostgreSQL, Prefect, MLflow and a worker on loopback.",
    "ui": "Start the Prefect server and the MLflow UI on loopback.",
    "schema": "Print the JSON schema of configuration files.",
}

EPILOG: Final = """\b
Try it:        onstage demo
Your own log:  onstage init watches.csv && onstage retrain configs/watches.yaml
Where to look: onstage ui

Exit status: 0 done, 1 refused (a failed suite, a bad input), 2 wrong usage.
Folders and threads are set by ONSTAGE_HOME, ONSTAGE_DATA, ONSTAGE_THREADS, ONSTAGE_PROGRESS;
tracking and promotion by mlflow.yaml."""


def module_of(name: str) -> str:
    """The module of a command; a dash is no letter of a module's name."""
    return f"flows.commands.{name.replace('-', '_')}"


class Commands(click.Group):
    """A group that imports a command's module when the command is used, not when it is listed."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(module_of(cmd_name)).command
        return command if isinstance(command, click.Command) else None

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    @override
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OnstageError as error:
            click.echo(f"onstage: {error}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="onstage")
@click.option("-v", "--verbose", is_flag=True, help="Log more, to stderr.")
def main(*, verbose: bool) -> None:
    """From a watch log to a champion recommender, every night, with the evidence in MLflow."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if any("${block:" in value for value in os.environ.values()):
        from flows.vault import reveal

        reveal()


if __name__ == "__main__":
    main()
