"""One step of the pipeline in a process of its own. Arguments: step, configuration.

Prints JSON: ``seconds`` and ``cpu`` (processor seconds) of the step alone, ``peak_mib`` of the
whole process (what it read before included), ``read_mib`` when the step began, and its counts.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import peak
from onstage.pipeline.ingestion import ingested
from onstage.pipeline.workspace import Workspace


K: Final = 10
Counts = dict[str, float]


class Steps:
    """The steps over one configuration; what a step needs is done before the clock starts."""

    def __init__(self, config: Path) -> None:
        self.workspace = Workspace.open(config)
        self.model = config.parent / "model"
        self.lists = config.parent / "lists.parquet"

    def ingest(self) -> Callable[[], Counts]:
        """From files to canonical tables."""

        def work() -> Counts:
            made = ingested(self.workspace)
            return {name: float(value) for name, value in made.counts.items()}

        return work

    def validate(self) -> Callable[[], Counts]:
        """Expectations, quarantine, Data Docs."""
        from expectations.step import validated

        tables = ingested(self.workspace)

        def work() -> Counts:
            made = validated(self.workspace, tables)
            names = ("passed", "accepted", "quarantined")
            return {name: float(made.counts[name]) for name in names}

        return work

    def _log(self) -> Any:  # noqa: ANN401  # the expectations are not imported by every step
        from expectations.step import validated
        from onstage.pipeline.exams import accepted_log

        return accepted_log(self.workspace, validated(self.workspace, ingested(self.workspace)))

    def read(self) -> Callable[[], Counts]:
        """From the accepted tables to arrays."""
        log = self._log()

        def work() -> Counts:
            data = log.dataset
            return {"rows": len(data), "users": data.n_users, "items": data.n_items}

        return work

    def index(self) -> Callable[[], Counts]:
        """Who is live when: merged windows and live sets."""
        log = self._log()
        log.dataset  # noqa: B018  # read before the clock starts

        def work() -> Counts:
            index = log.availability
            return {"windows": len(index.item), "instants": len(index.sets.instants)}

        return work

    def watched(self) -> Callable[[], Counts]:
        """Who is live when, where no window says so: by the rows of the log."""
        from onstage.availability.index import AvailabilityIndex

        data = self._log().dataset

        def work() -> Counts:
            index = AvailabilityIndex.from_interactions(data)
            return {"windows": len(index.item), "instants": len(index.sets.instants)}

        return work

    def split(self) -> Callable[[], Counts]:
        """Both holdouts of the primary protocol."""
        log = self._log()
        log.availability.sets  # noqa: B018

        def work() -> Counts:
            exam = log.exam(self.workspace.config.primary)
            asked = exam.test.candidates.sizes()
            return {"events": len(exam.test), "candidates": float(asked.mean())}

        return work

    def fit(self) -> Callable[[], Counts]:
        """ALS on the training part."""
        from onstage.models.catalog import build
        from onstage.models.config import FitOptions
        from onstage.models.saving import save_model

        log = self._log()
        train = log.exam(self.workspace.config.primary).test.train
        config = self.workspace.config.models["factors"]

        def work() -> Counts:
            model = build(config).fit(train, FitOptions(0, self.workspace.settings.threads))
            self.fitted = model
            return {"rows": len(train), "pairs": train.matrix.nnz}

        def save() -> None:
            shutil.rmtree(self.model, ignore_errors=True)
            save_model(self.fitted, self.model)

        self.after = save
        return work

    def evaluate(self) -> Callable[[], Counts]:
        """Every event of the test part, all its candidates ranked."""
        from onstage.evaluation.evaluate import evaluate
        from onstage.evaluation.summary import value_of
        from onstage.models.saving import load_model

        exam = self._log().exam(self.workspace.config.primary).test
        model = load_model(self.model)

        def work() -> Counts:
            events = evaluate(model, exam)
            pairs = float(exam.candidates.sizes().sum())
            return {"events": len(exam), "pairs": pairs, "ndcg": value_of(events, "ndcg_at_10")}

        return work

    def recommend(self) -> Callable[[], Counts]:
        """Lists of everybody at the newest instant."""
        from onstage.models.saving import load_model
        from onstage.serving.batch import recommend_all
        from onstage.serving.bundle import Bundle

        bundle = Bundle(load_model(self.model), self._log().availability)

        def work() -> Counts:
            made = recommend_all(bundle, self.lists, at="last", k=K)
            return {name: float(made[name]) for name in ("users", "rows", "live_items")}

        return work

    def after(self) -> None:
        """What a later step needs, when the clock has stopped."""


STEPS: Final = (
    "ingest",
    "validate",
    "read",
    "index",
    "watched",
    "split",
    "fit",
    "evaluate",
    "recommend",
)


def main() -> None:
    step, config = sys.argv[1], Path(sys.argv[2])
    steps = Steps(config)
    work: Callable[[], Counts] = getattr(steps, step)()
    before, began, spent = peak(), time.perf_counter(), time.process_time()
    counts = work()
    taken = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}
    made = {**taken, "read_mib": before, "peak_mib": peak(), "counts": counts}
    steps.after()
    print(json.dumps(made))


if __name__ == "__main__":
    main()
