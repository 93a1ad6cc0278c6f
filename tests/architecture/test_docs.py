"""What is documented is what there is."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from flows.cli import COMMANDS, module_of
from onstage.conditions import Promotion
from onstage.config import PipelineConfig, load_config
from onstage.models.catalog import ALGORITHMS
from onstage.settings import Aliases, MlflowSettings, Settings


ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_and_stands_in_the_readme(name: str) -> None:
    command = importlib.import_module(module_of(name)).command
    assert command.help
    assert f"onstage {name}" in README


@pytest.mark.parametrize("page", ["reference", "glossary", "tables", "errors"])
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    spec = importlib.util.spec_from_file_location(page, ROOT / "docs" / f"{page}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.render(), "run `make docs`"


@pytest.mark.parametrize(
    "key",
    [
        *PipelineConfig.model_fields,
        *MlflowSettings.model_fields,
        *Promotion.model_fields,
        *Aliases.model_fields,
        *(f"ONSTAGE_{name.upper()}" for name in Settings.model_fields),
    ],
)
def test_a_configuration_key_stands_in_the_readme(key: str) -> None:
    assert f"`{key}`" in README


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_model_stands_in_the_documentation(algorithm: str) -> None:
    assert algorithm in (ROOT / "docs" / "models.md").read_text()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_configuration_is_valid(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_a_link_to_a_file_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
            if not link.startswith(("http://", "https://", "mailto:")):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_deployments_name_flows_that_load(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(ROOT)
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        flow = load_flow_from_entrypoint(deployment["entrypoint"])
        assert set(deployment["parameters"]) <= set(flow.parameters.properties)
        for one in flow.parameters.properties.values():  # what Prefect's form shows
            assert one.get("description")
            assert {"type", "anyOf", "allOf", "$ref", "enum"} & set(one)
        assert flow.parameters.properties["config"]["type"] == "string"
        assert deployment["concurrency_limit"]["limit"] == 1
