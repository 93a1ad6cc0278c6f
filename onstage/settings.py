"""Where things are and how processes behave: folders, endpoints, telemetry, threads."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)
from typing_extensions import override

from onstage.conditions import Promotion
from onstage.errors import ConfigError


ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DO_NOT_TRACK": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "onstage",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
)
"""Set for our processes unless the user has set them: no telemetry, no SQLite stalls."""


class Settings(BaseSettings):
    """What differs between machines. Every field can be set as ``ONSTAGE_<FIELD>``."""

    model_config = SettingsConfigDict(
        env_prefix="ONSTAGE_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    home: Path = Path("var")
    """Folder of the store, the tracking database and the Prefect home."""
    data: Path = Path("../shared/data")
    """Folder that ``${ONSTAGE_DATA}`` in a configuration stands for."""
    threads: NonNegativeInt = 0
    """Threads a fit may use; 0: as many as there are cores."""
    wait_seconds: NonNegativeFloat = 0
    """How long a flow waits while another process is at work on the same data set; 0: not at all.
    Deployments wait, so that those of one data set run one after the other."""
    optuna_storage: SecretStr | None = None
    """Database of the studies instead of a journal file in each study's folder, e.g.
    ``postgresql+psycopg://user:password@host/studies``. Never shown or logged."""
    store_remote: SecretStr | None = None
    """Where the store publishes artefacts and finds those of other machines, by any URL that fsspec
    opens: ``file:///mnt/shared/onstage``, ``s3://bucket/onstage``. Never shown or logged whole."""
    memory: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?([KMGT]i?B)$")] | None = None
    """Most memory that reading, joining and summing of sources takes, e.g. ``4GiB``; what does not
    fit goes to disk. By default 2GiB, or half of a smaller machine."""
    scratch: Path | None = None
    """Folder for what goes to disk meanwhile; by default in the home's store."""
    spark_master: str = ""
    """Where ``engine: spark`` runs, e.g. ``spark://host:7077``; empty: in a process here."""
    spark_memory: str = "2g"
    """Memory of Spark's driver, and of each of its executors."""
    progress: bool = True
    """Whether long work shows a progress bar (on a terminal)."""

    @property
    def store(self) -> Path:
        """Folder of the artefact store."""
        return self.home / "store"


class Aliases(BaseModel):
    """Names of the registry's aliases."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    champion: str = "champion"
    """The version that is served."""
    challenger: str = "challenger"
    """The version that the last retrain proposed."""
    previous: str = "previous"
    """The version that was champion before."""


class MlflowSettings(BaseSettings):
    """Where runs are tracked, and what promotes a version: read from ``mlflow.yaml``.

    ``MLFLOW_TRACKING_URI`` and ``MLFLOW_REGISTRY_URI`` win over the file.
    """

    model_config = SettingsConfigDict(
        env_prefix="MLFLOW_",
        yaml_file="mlflow.yaml",
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    tracking_uri: str | None = None
    """Any URI MLflow accepts. By default a SQLite file in the home folder."""
    registry_uri: str | None = None
    """Registry, if it is elsewhere than the tracking server."""
    artifact_location: str | None = None
    """Where new experiments keep artifacts. By default a folder in the home folder. A tracking
    server decides for itself."""
    experiment: str = "onstage"
    """Prefix of experiment names: ``<prefix>/<data set>``."""
    registered_model: str = "onstage"
    """Prefix of registered model names: ``<prefix>-<data set>``."""
    aliases: Aliases = Aliases()
    """Names of the registry's aliases."""
    promotion: Promotion = Promotion()
    """What a challenger must show to become champion."""

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, which wins over the file."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    ConfigError
        If a variable cannot be understood.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(explain(error, "environment (ONSTAGE_…)")) from error


def load_mlflow_settings() -> MlflowSettings:
    """Read ``mlflow.yaml`` in the working directory, overridden by ``MLFLOW_…``.

    Raises
    ------
    ConfigError
        If the file has an unknown key or a wrong value.
    """
    try:
        return MlflowSettings()
    except ValidationError as error:
        raise ConfigError(explain(error, "mlflow.yaml")) from error
    except (yaml.YAMLError, SettingsError, ValueError, TypeError, OSError) as error:
        message = f"mlflow.yaml or MLFLOW_…: {' '.join(str(error).split())}"
        raise ConfigError(message) from error


def explain(error: ValidationError, where: str) -> str:
    """One line for a person: the first problem's place, value and rule, and how many there are."""
    problems = error.errors()
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"]) or "(top)"
    value = first.get("input")
    shown = "" if isinstance(value, dict | list) else f" (got {value!r})"
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"{where}: {place}: {first['msg']}{shown}{more}"


def be_quiet() -> None:
    """Set :data:`ENVIRONMENT` for this process and its children; what the user has set is kept."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def apply_environment(settings: Settings) -> None:
    """Set :data:`ENVIRONMENT` and the homes for this process and its children.

    Call before prefect or mlflow is imported; a variable the user has set is left alone.

    Raises
    ------
    ConfigError
        If the home folder cannot be created.
    """
    be_quiet()
    home = Path(os.environ.setdefault("PREFECT_HOME", str((settings.home / "prefect").resolve())))
    for folder in (settings.home, home):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"folder {folder}: {error.strerror}; choose a writable one with ONSTAGE_HOME"
            raise ConfigError(message) from error
