"""`onstage schema`."""

import json

import click


@click.command(name="schema")
def command() -> None:
    """Print the JSON schema of configuration files.

    An editor that knows YAML schemas completes and checks configs/*.yaml with it.
    """
    from onstage.config import PipelineConfig

    click.echo(json.dumps(PipelineConfig.model_json_schema(), indent=1))
