"""`onstage drift`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="drift")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Say whether what arrives for CONFIG, or what its champion reaches, has changed.

    Ingests and validates the log; holds its newest period against those before it, by what was
    ordinary in the data set's own past; fits the champion's recipe anew and holds its result on the
    newest test part against its earlier ones. Nothing is registered. Limits: `drift` in CONFIG, and
    docs/operations.md. What every retrain finds stands in its report too.
    """
    from flows.running import orchestrated

    with orchestrated(config):
        from flows.drift import drift

        found = drift(str(config))
    marked = [f"{'! ' if one.drifted else '  '}{one.sentence}" for one in found.arriving.findings]
    value = {"drifted": found.drifted, "sentence": found.sentence, "reasons": found.reasons}
    value |= found.model_dump(mode="json")
    answer(value, "\n".join([*marked, found.sentence]), as_json=as_json)
