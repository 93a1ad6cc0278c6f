"""Rows of docs/kill-matrix.md, kept as they come, so that a killed `make test-kill` goes on."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from onstage.tracking.lock import locked
from tests.e2e.kill.matrix import POINTS


ROOT = Path(__file__).parents[3]
CODE = ("onstage", "flows", "tasks", "expectations", "tests/e2e")

HEAD = """# Killed at every moment

Made by `make test-kill`: a retrain of a small simulated platform is killed by SIGKILL at each of
its moments, and started again. `begun`, `middle`, `written` and `published` are moments of a step;
`before` and `after` those of a call (a trial, MLflow, the registry, the audit, the page). To save
time, the retrain that is killed starts from a copy of the home of an undisturbed one, as it stood
at the end of the step before.

"same": the artefacts' contents, the recommendations byte for byte, the trials, MLflow's runs (none
RUNNING, none twice), the registered versions, the aliases and the champion's moves in the audit are
those of a retrain that nobody killed, and no finished step was made again.

| killed at | steps finished before | made by the rerun | outcome |
| :-- | --: | --: | :-- |
"""


def digest_of_code() -> str:
    """SHA-256 of what the table depends on."""
    digest = hashlib.sha256()
    for path in sorted(one for folder in CODE for one in (ROOT / folder).rglob("*")):
        if path.suffix in {".py", ".yaml", ".json", ".jinja"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Rows:
    """Rows that this code gave, in a file beside the table that they will make."""

    table: Path
    file: Path
    code: str

    def known(self) -> dict[str, str]:
        """Moment to row; those of other code do not count."""
        if not self.file.exists():
            return {}
        content = json.loads(self.file.read_text())
        rows: dict[str, str] = content["rows"] if content["code"] == self.code else {}
        return rows

    def add(self, point: str, row: str) -> None:
        """Keep a row; the last one makes the table."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.file.with_suffix(".lock")):  # parts of the matrix may run side by side
            self._add(point, row)

    def _add(self, point: str, row: str) -> None:
        rows = {**self.known(), point: row}
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps({"code": self.code, "rows": rows}, indent=1))
        draft.replace(self.file)
        if len(rows) == len(POINTS):
            self.table.write_text(HEAD + "".join(f"{rows[one]}\n" for one in POINTS))
