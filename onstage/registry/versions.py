"""Registered versions and their aliases, by explicit calls and without an ambient run."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from mlflow.artifacts import download_artifacts
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from onstage.registry.promotion import Decision, Standing
from onstage.registry.proposals import Proposal
from onstage.registry.uploads import upload
from onstage.settings import Aliases, MlflowSettings, Settings
from onstage.tracking.client import connect, translated
from onstage.tracking.endpoint import Endpoint, is_http


KEY: Final = "onstage.key"
CONFIG: Final = "onstage.config"
MODEL: Final = "onstage.model"
DATA: Final = "onstage.data_digest"
NEWEST: Final = "onstage.newest_tick"
METRICS: Final = "onstage.metrics"
DECISION: Final = "onstage.decision"
REASONS: Final = "onstage.reasons"
DECIDED: Final = "onstage.decided_at"

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
_RUN_TAG_LENGTH: Final = 5000
_MISSING: Final = "RESOURCE_DOES_NOT_EXIST"
_EXISTS: Final = "RESOURCE_ALREADY_EXISTS"


@dataclass(frozen=True)
class Version:
    """One registered version, with the recipe it can be made from again."""

    name: str
    """Registered model."""
    version: str
    """Its number, as MLflow writes it."""
    run_id: str
    """Run that made it."""
    config: Mapping[str, Any]
    """Recipe: algorithm and hyperparameters."""
    data_digest: str
    """Digest of the data it was fitted on."""
    model: str = ""
    """Its name on the leaderboard."""
    tags: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Everything else."""

    @property
    def uri(self) -> str:
        """What MLflow loads it by."""
        return f"models:/{self.name}/{self.version}"

    @property
    def standing(self) -> Standing:
        """How it stands in a decision."""
        newest = int(self.tags[NEWEST]) if NEWEST in self.tags else None
        return Standing(self.model, dict(self.config), self.data_digest, self.version, newest)

    @classmethod
    def of(cls, found: ModelVersion) -> Self:
        """Read a version that :meth:`Registry.register` made."""
        tags = dict(found.tags)
        return cls(
            name=found.name,
            version=str(found.version),
            run_id=found.run_id or "",
            config=json.loads(tags.get(CONFIG, "{}")),
            data_digest=tags.get(DATA, ""),
            model=tags.get(MODEL, ""),
            tags=tags,
        )


class Registry:
    """The registry of one tracking server or database.

    Parameters
    ----------
    endpoint
        Where it is.
    aliases
        What champion, challenger and previous are called.

    Raises
    ------
    TrackingError
        If nobody answers there, or it refuses: from every method, in one line.
    """

    def __init__(self, endpoint: Endpoint, aliases: Aliases | None = None) -> None:
        self.endpoint = endpoint
        self.aliases = aliases or Aliases()
        self._client = connect(endpoint)

    @classmethod
    def open(cls, mlflow_settings: MlflowSettings, settings: Settings) -> Self:
        """Open the registry that the settings name."""
        return cls(Endpoint.resolve(mlflow_settings, settings), mlflow_settings.aliases)

    def register(self, name: str, run_id: str, proposal: Proposal) -> Version:
        """Make `proposal` a version of the registered model `name`; the second time, find it.

        A version appears only when all its files are there. Files that a killed process had
        uploaded are used if they were complete, and discarded if not.
        """
        key = proposal.key
        with translated(self.endpoint):
            found = self._client.search_model_versions(
                f"name = '{name}' and tags.`{KEY}` = '{key}'"
            )
            if found:
                return Version.of(min(found, key=lambda version: int(version.version)))
            uploaded = upload(self._client, run_id, proposal.model, proposal.folder, {KEY: key})
            self._create_model(name)
            self._log_metrics(run_id, uploaded.model_id, proposal.metrics)
            by_server = is_http(self.endpoint.registry_uri)
            made = self._client.create_model_version(
                name,
                source=f"models:/{uploaded.model_id}" if by_server else uploaded.artifact_location,
                run_id=run_id,
                model_id=uploaded.model_id,
                tags={**proposal.tags, **self._tags(proposal), KEY: key},
            )
            entry = json.dumps([{"name": name, "version": made.version}])
            self._client.set_logged_model_tags(uploaded.model_id, {"mlflow.modelVersions": entry})
            return Version.of(self._client.get_model_version(name, made.version))

    def get(self, name: str, version: str) -> Version:
        """One version by its number."""
        with translated(self.endpoint):
            return Version.of(self._client.get_model_version(name, version))

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version of `name`, oldest first; empty if there is no such model."""
        with translated(self.endpoint):
            found = self._client.search_model_versions(f"name = '{name}'")
        return tuple(sorted((Version.of(v) for v in found), key=lambda v: int(v.version)))

    def by_alias(self, name: str, alias: str) -> Version | None:
        """The version behind an alias; None if there is no such alias or model."""
        with translated(self.endpoint):
            try:
                version = self._client.get_registered_model(name).aliases.get(alias)
            except MlflowException as error:
                if error.error_code == _MISSING:
                    return None
                raise
        return None if version is None else self.get(name, str(version))

    def champion(self, name: str) -> Version | None:
        """The version that is served."""
        return self.by_alias(name, self.aliases.champion)

    def challenger(self, name: str) -> Version | None:
        """The version that the last retrain proposed."""
        return self.by_alias(name, self.aliases.challenger)

    def previous(self, name: str) -> Version | None:
        """The version that was champion before."""
        return self.by_alias(name, self.aliases.previous)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other promoters of the same database out, whatever their home folder.

        A tracking server offers no such lock: there, promoters of several homes must not overlap.
        """
        with ExitStack() as held:
            with translated(self.endpoint):
                held.enter_context(self.endpoint.alone())
            yield

    def set_previous(self, name: str, version: str | None) -> None:
        """Point the previous champion's alias at `version`; None takes it away."""
        with translated(self.endpoint):
            if version is None:
                self._client.delete_registered_model_alias(name, self.aliases.previous)
            else:
                self._client.set_registered_model_alias(name, self.aliases.previous, version)

    def set_challenger(self, name: str, version: str) -> None:
        """Point the challenger's alias at `version`."""
        with translated(self.endpoint):
            self._client.set_registered_model_alias(name, self.aliases.challenger, version)

    def promote(self, name: str, version: str) -> None:
        """Point the champion's alias at `version`, and ``previous`` at the one before.

        Doing it twice is the same as once, also when the first time was interrupted.
        """
        champion = self.champion(name)
        if champion is not None and champion.version == version:
            return
        with translated(self.endpoint):
            if champion is not None:
                before = champion.version
                self._client.set_registered_model_alias(name, self.aliases.previous, before)
            self._client.set_registered_model_alias(name, self.aliases.champion, version)

    def annotate(
        self, name: str, version: str, decision: Decision, time: datetime, run_id: str | None
    ) -> None:
        """Write a decision, taken at `time`, on the version's and the run's tags."""
        tags = {
            DECISION: decision.verdict,
            REASONS: "; ".join(decision.reasons)[:_RUN_TAG_LENGTH],
            DECIDED: time.isoformat(),
        }
        with translated(self.endpoint):
            for key, value in tags.items():
                self._client.set_model_version_tag(name, version, key, value)
                if run_id is not None:
                    self._client.set_tag(run_id, key, value)

    def log_text(self, run_id: str, text: str, file: str) -> None:
        """Keep `text` as a file of the run."""
        with translated(self.endpoint):
            self._client.log_text(run_id, text, file)

    def download(self, version: Version, target: Path | None = None) -> Path:
        """Fetch a version's folder; the folder itself where it is on this machine."""
        with translated(self.endpoint):
            uri = self._client.get_model_version_download_uri(version.name, version.version)
            folder = download_artifacts(
                artifact_uri=uri,
                dst_path=None if target is None else str(target),
                tracking_uri=self.endpoint.tracking_uri,
            )
        return Path(folder)

    def _create_model(self, name: str) -> None:
        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != _EXISTS:
                raise

    def _log_metrics(self, run_id: str, model_id: str, metrics: Mapping[str, float]) -> None:
        now = int(datetime.now(UTC).timestamp() * 1000)
        points = [
            Metric(key, float(value), now, 0, model_id=model_id, run_id=run_id)
            for key, value in metrics.items()
        ]
        self._client.log_batch(run_id, metrics=points)

    def _tags(self, proposal: Proposal) -> dict[str, str]:
        return {
            MODEL: proposal.model,
            CONFIG: json.dumps(dict(proposal.config), sort_keys=True),
            DATA: proposal.data_digest,
            METRICS: json.dumps(dict(proposal.metrics), sort_keys=True),
        }
