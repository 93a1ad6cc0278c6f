"""What a retrain left behind, in a form that two retrains can be compared by."""

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from onstage.registry.audit import Audit
from onstage.tuning.journal import open_journal


@dataclass(frozen=True)
class Evidence:
    """Everything that must be the same, however often a retrain was killed."""

    artefacts: dict[str, str]
    """Step and key to the digest of the content."""
    drafts: int
    lists: bytes
    """The recommendations, byte for byte."""
    trials: dict[str, list[str]]
    """Study to its trials in order, but for interrupted ones: state, value, parameters."""
    runs: dict[str, int]
    """MLflow runs but retrains, FINISHED and not deleted, by name without a trial's number."""
    running: int
    versions: list[tuple[str, str, str | None]]
    """Registered versions, their status and their recipes."""
    uploads: list[tuple[str, int]]
    """Uploaded models that are not deleted, and their status."""
    aliases: dict[str, str]
    audit: list[tuple[str, str | None, str | None]]
    """Every move of the champion. A rerun decides anew, and may add that it kept who is there."""

    @classmethod
    def of(cls, home: Path) -> "Evidence":
        folder = home / "datasets" / "little"
        with sqlite3.connect(f"file:{home / 'mlflow.db'}?mode=ro", uri=True) as database:
            mlflow = _mlflow(database)
        return cls(
            artefacts=_artefacts(home / "store"),
            drafts=len(list((home / "store").glob(".draft-*"))),
            lists=next(folder.glob("recommendations.*")).read_bytes(),
            trials=_trials(folder / "studies"),
            audit=[
                (entry.action, entry.before, entry.after)
                for entry in Audit(home / "audit.jsonl").entries()
                if entry.before != entry.after
            ],
            **mlflow,
        )

    def check(self, undisturbed: "Evidence") -> None:
        """Nothing is half, nothing is twice, and all is as if nothing had happened."""
        assert self.artefacts == undisturbed.artefacts
        assert self.lists == undisturbed.lists
        assert (self.drafts, self.running) == (0, 0)
        assert self.trials == undisturbed.trials
        assert self.runs == undisturbed.runs
        assert self.versions == undisturbed.versions
        assert self.uploads == undisturbed.uploads
        assert self.aliases == undisturbed.aliases
        assert self.audit == undisturbed.audit


def _artefacts(store: Path) -> dict[str, str]:
    found = {}
    for manifest in sorted(store.glob("*/manifest.json")):
        content = json.loads(manifest.read_text())
        found[manifest.parent.name] = content["digest"]
    return found


def _trials(studies: Path) -> dict[str, list[str]]:
    found = {}
    for folder in sorted(studies.iterdir()):
        storage = open_journal(folder)
        (study,) = storage.get_all_studies()
        trials = optuna.load_study(study_name=study.study_name, storage=storage).trials
        told = [t for t in trials if t.state.name != "FAIL"]
        found[folder.name] = [f"{t.state.name} {t.value} {sorted(t.params.items())}" for t in told]
    return found


def _mlflow(database: sqlite3.Connection) -> dict[str, Any]:
    def rows(question: str) -> list[Any]:
        return database.execute(question).fetchall()

    runs = rows("select name, status from runs where lifecycle_stage = 'active'")
    finished = [
        re.sub(r"-\d{3}$", "", name)
        for name, status in runs
        if status == "FINISHED" and name != "retrain"
    ]
    versions = rows(
        "select v.version, v.status, t.value from model_versions v left join model_version_tags t "
        "on t.name = v.name and t.version = v.version and t.key = 'onstage.config' "
        "where v.current_stage != 'Deleted_Internal' order by v.version"
    )
    return {
        "runs": dict(sorted(Counter(finished).items())),
        "running": sum(status == "RUNNING" for _, status in runs),
        "versions": [(str(version), str(status), recipe) for version, status, recipe in versions],
        "uploads": rows(
            "select name, status from logged_models where lifecycle_stage = 'active' order by name"
        ),
        "aliases": {
            str(a): str(v) for a, v in rows("select alias, version from registered_model_aliases")
        },
    }
