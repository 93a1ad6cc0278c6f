"""`onstage init`."""

from pathlib import Path

import click

from flows.commands.options import answer, json_option
from onstage.errors import ConfigError


LIVE = """
protocols:              # how models are examined; the first is the one that decides
  - {kind: live, track: C}  # rank who is live; only who is live by somebody else's row counts
  - {kind: live, track: B}  # rank everybody who is live
"""
ALWAYS = """
protocols:              # how models are examined; the first is the one that decides
  - kind: temporal      # one instant cuts the log; nothing after it is known to the models
    repeat: {kind: allow}  # exclude, if nobody wants the same item twice
"""
MODELS = """
models:                 # recipes that stand on the leaderboard as they are
  popularity: {algorithm: popularity}
  memory: {algorithm: memory, kind: count}
"""
RANKER = """\
  ranker: {algorithm: ranker}  # who is live, by everything known just before; the likely champion
"""
SWEEP = """
sweep:                  # tuned on the validation part, 20 trials each
  trials: 20
  algorithms: {item_knn: {}, ease: {}, als: {}, bpr: {}}
"""


def _rest(*, live: bool) -> str:
    """How models are examined, and which: what no look at the columns can change."""
    return LIVE + MODELS + RANKER + SWEEP if live else ALWAYS + MODELS + SWEEP


@click.command(name="init")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where.  [default: configs/NAME.yaml]"
)
@click.option("--dry-run", is_flag=True, help="Print the configuration, write nothing.")
@click.option("--force", is_flag=True, help="Replace a configuration that exists.")
@json_option
def command(file: Path, output: Path | None, *, dry_run: bool, force: bool, as_json: bool) -> None:
    """Look at a log FILE and write a configuration for it, saying what was guessed.

    FILE is CSV, TSV, Parquet or JSON lines, plain, .gz or .zst. Read the guesses before you
    retrain: a wrong column mapping is the most expensive mistake there is.

    \b
    Example:  onstage init watches.csv
              onstage retrain configs/watches.yaml
    """
    from onstage.data.sources.inspection import inspect, render_config
    from onstage.pipeline.workspace import write_atomically

    guess = inspect(file)
    text = render_config(guess).rstrip() + "\n" + _rest(live=guess.windows is not None)
    for sentence in guess.sentences:
        click.echo(f"- {sentence}", err=True)
    target = output or Path("configs") / f"{guess.name}.yaml"
    value = {
        "path": None if dry_run else str(target),
        "name": guess.name,
        "guesses": list(guess.sentences),
        "questions": list(guess.questions),
        "configuration": text,
    }
    if dry_run:
        answer(value, text, as_json=as_json)
        return
    if target.exists() and not force:
        message = f"{target} exists; pass --force to replace it or --output for another file"
        raise ConfigError(message)
    write_atomically(target, text)
    for question in guess.questions:
        click.echo(f"CHECK: {question}", err=True)
    answer(value, f"wrote {target}; check it, then: onstage retrain {target}", as_json=as_json)
