"""What a run was made of: configuration, code, libraries, machine; enough to make it again."""

import platform
import re
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict

from onstage.conditions import Promotion
from onstage.config import PipelineConfig
from onstage.data.sources.ingest import input_digest
from onstage.data.store import digest_file, digest_json
from onstage.errors import SourceError
from onstage.pipeline.workspace import Workspace


CONFIG: Final = "config.yaml"
ENVIRONMENT: Final = "environment.json"

CODE_TAG: Final = "onstage.code"
CONFIG_TAG: Final = "onstage.config_digest"
CODE_DIGEST_TAG: Final = "onstage.code_digest"

TOOLS: Final = ("extra == 'dev'", "extra == 'test'")
"""Extras whose packages check our code and take no part in a result."""


class Environment(BaseModel):
    """Everything beside the configuration and the data that a result may depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: str
    """Version, and in a checkout the commit, ``-dirty`` where files were changed after it."""
    code_digest: str
    """Digest of every file of our packages (:func:`code_digest`)."""
    python: str
    """Version of Python."""
    machine: str
    """Processor and system."""
    threads: int
    """``ONSTAGE_THREADS``; 0: all cores."""
    libraries: dict[str, str]
    """Package to version: those that we require, where they are installed."""
    promotion: Promotion
    """Metric and rules of ``mlflow.yaml``: sweeps maximise that metric."""

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """The environment of this process, now."""
        return cls(
            code=code_name(),
            code_digest=code_digest(),
            python=platform.python_version(),
            machine=f"{platform.machine()} {platform.system()}",
            threads=workspace.settings.threads,
            libraries=libraries(),
            promotion=workspace.mlflow.promotion,
        )


def config_text(config: PipelineConfig) -> str:
    """The whole configuration as YAML, defaults and overrides of the command line included."""
    plain = config.model_dump(mode="json")
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def config_digest(config: PipelineConfig) -> str:
    """Digest of the whole configuration, defaults and overrides of the command line included."""
    return digest_json(config)


def tags_of(config: PipelineConfig, environment: Environment) -> dict[str, str]:
    """What a run can be searched for."""
    return {
        CONFIG_TAG: config_digest(config)[:16],
        CODE_TAG: environment.code,
        CODE_DIGEST_TAG: environment.code_digest[:16],
    }


def sources_of(config: PipelineConfig) -> dict[str, str]:
    """Digests of the source files as they are now; empty if one is a database, or is gone.

    A query is not run again only to be remembered: the accepted tables have a digest of their own.
    """
    data: dict[str, Any] = config.data.model_dump()
    tables = (data.get(name) for name in ("interactions", "items", "windows", "relations"))
    if any(isinstance(table, dict) and table.get("url") is not None for table in tables):
        return {}
    try:
        return input_digest(config.data)
    except SourceError:
        return {}


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Digest of our code, search spaces and suites: every file of the packages that a step uses."""
    digests = {}
    for package in ("onstage", "expectations", "tasks"):
        spec = find_spec(package)
        for root in spec.submodule_search_locations or [] if spec else []:
            for path in sorted(Path(root).rglob("*")):
                if path.suffix in {".py", ".yaml", ".json"}:
                    digests[f"{package}/{path.relative_to(root)}"] = digest_file(path)
    return digest_json(digests)


@lru_cache(maxsize=1)
def code_name() -> str:
    """Version of the package, and in a checkout its commit: ``0.3.0+1a2b3c4d5e6f-dirty``."""
    released = version("onstage")
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return released
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if commit is None:
        return released
    changed = "-dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else ""
    return f"{released}+{commit}{changed}"


def _git(root: Path, *words: str) -> str | None:
    """What git says; None where it is missing or refuses."""
    try:
        said = subprocess.run(  # noqa: S603  # fixed words
            ["git", "-C", str(root), *words],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()


@lru_cache(maxsize=1)
def libraries() -> dict[str, str]:
    """Installed versions of the packages that we require."""
    found = {}
    for wanted in requires("onstage") or []:
        name = re.match(r"[\w.-]+", wanted)
        if name is None or any(tool in wanted.replace('"', "'") for tool in TOOLS):
            continue
        try:
            found[name.group().lower()] = version(name.group())
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))
