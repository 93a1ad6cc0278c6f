"""Write docs/reference.md from the code: commands, configuration, settings. ``make docs``."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter

from flows.cli import COMMANDS, main, module_of
from onstage.config import PipelineConfig
from onstage.models.catalog import ModelConfig
from onstage.settings import MlflowSettings, Settings


LONG = 60
"""Characters of a default that are shown."""

PAGE = Path(__file__).with_name("reference.md")


def render() -> str:
    """The whole page."""
    parts = [
        "# Reference\n",
        "Made from the code by `make docs`; a test keeps it true.\n",
        "## Commands\n",
        *(_command(name) for name in COMMANDS),
        "## Configuration files\n",
        "`onstage schema` prints the same as a JSON schema.\n",
        *_schema(PipelineConfig.model_json_schema(), "configs/*.yaml"),
        "## Models\n",
        "Under `models`, and as `fixed` under `sweep.algorithms`.\n",
        *_schema(TypeAdapter(ModelConfig).json_schema(), ""),
        "## mlflow.yaml\n",
        *_schema(MlflowSettings.model_json_schema(), "mlflow.yaml"),
        "## Environment\n",
        "Each field is set as `ONSTAGE_<FIELD>`.\n",
        *_schema(Settings.model_json_schema(), "ONSTAGE_…"),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _command(name: str) -> str:
    command = importlib.import_module(module_of(name)).command
    group = click.Context(main, info_name="onstage", **main.context_settings)
    context = click.Context(command, info_name=name, parent=group)
    context.max_content_width = 96
    context.terminal_width = 96
    return f"### onstage {name}\n\n```console\n{command.get_help(context)}\n```\n"


def _schema(schema: dict[str, Any], title: str) -> Iterator[str]:
    if title and schema.get("properties"):
        yield f"### {title}\n"
        yield _table(schema)
    for name, part in schema.get("$defs", {}).items():
        if part.get("properties"):
            yield f"### {name}\n"
            yield part.get("description", "").split("\n\n")[0].replace("\n", " ") + "\n"
            yield _table(part)


def _table(schema: dict[str, Any]) -> str:
    rows = ["| key | type | default | meaning |", "| :-- | :-- | :-- | :-- |"]
    for key, one in schema["properties"].items():
        default = "required" if "default" not in one else f"`{_short(one['default'])}`"
        meaning = " ".join(one.get("description", "").split()).replace("|", "\\|")
        rows.append(f"| `{key}` | {_type(one)} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _type(one: dict[str, Any]) -> str:
    if "$ref" in one:
        return one["$ref"].rsplit("/", 1)[-1]
    if "const" in one:
        return f"`{one['const']}`"
    if "enum" in one:
        return " or ".join(f"`{value}`" for value in one["enum"])
    for key in ("anyOf", "oneOf"):
        if key in one:
            return " or ".join(dict.fromkeys(_type(part) for part in one[key]))
    if one.get("type") == "array":
        return f"list of {_type(one.get('items', {}))}"
    return str(one.get("type", "any"))


def _short(value: Any) -> str:  # noqa: ANN401  # whatever a default is
    text = "null" if value is None else str(value)
    return (text if len(text) <= LONG else text[: LONG - 1] + "…").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
