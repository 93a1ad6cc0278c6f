"""A rolling backtest as steps: every origin's leaderboard, then one table of all of them."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.evaluation.rolling import ORIGIN
from onstage.pipeline.folio import FACTS, Folio, metric_part
from onstage.pipeline.origins import Origin
from onstage.pipeline.ranking import primary_rows, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Counts, Workspace
from onstage.reporting.origins import FIGURES, PAGE, Rolling, render_origins, wide
from onstage.reporting.tables import text_table


ROLLING_VERSION: Final = "1"


def gathered(
    workspace: Workspace,
    validated: Reference,
    origins: Sequence[Origin],
    boards: Mapping[int, Reference],
    recipes: Mapping[int, Sequence[Recipe]],
) -> Reference:
    """One table over all origins: page, figure, numbers.

    Parameters
    ----------
    boards, recipes
        By the origin's number: its leaderboard, and what stands on it.
    """
    rules = workspace.mlflow.promotion

    def build(folder: Path) -> Counts:
        rolling = Rolling(
            name=workspace.config.name,
            protocol=workspace.config.primary.name,
            metric=rules.metric,
            group=rules.group,
            origins=_origins(workspace, origins),
            rows=_rows(workspace, boards),
            notes=_notes(recipes),
        )
        facts = render_origins(rolling, folder)
        text = json.dumps(_plain(facts), indent=1, allow_nan=False)
        (folder / FACTS).write_text(text, encoding="utf-8")
        best = facts["models"][0]
        return {
            "origins": len(origins),
            "models": len(facts["models"]),
            "leader": str(best[Columns.MODEL]),
            "value": float(best["mean"]),
        }

    return workspace.step(
        "origins",
        ROLLING_VERSION,
        {"log": validated, **{f"board-{number}": board for number, board in boards.items()}},
        {
            "name": workspace.config.name,
            "origins": origins,
            "protocol": workspace.config.primary,
            "metric": rules.metric,
            "group": rules.group,
        },
        build,
    )


def metrics_of(facts: Mapping[str, Any]) -> dict[str, float]:
    """What MLflow is told: each model's mean and spread, and its value at each origin."""
    metric, found = facts["metric"], {}
    for row in facts["models"]:
        name = metric_part(row[Columns.MODEL])
        found[f"{metric}/{name}/mean"] = row["mean"]
        found[f"{metric}/{name}/spread"] = row["spread"]
    for row in facts["rows"]:
        found[f"{metric}/{metric_part(row[Columns.MODEL])}/origin_{row[ORIGIN]}"] = row[
            Columns.VALUE
        ]
    return {name: float(value) for name, value in found.items() if value is not None}


FOLIO: Final = Folio("origins", PAGE, FIGURES, metrics_of)


def text_of(facts: Mapping[str, Any]) -> str:
    """The two tables and the sentence, for a terminal."""
    windows = pd.DataFrame(facts["origins"])
    windows = windows.rename(columns={"starts": "from", "ends": "until", "train_rows": "fitted on"})
    table = wide(pd.DataFrame(facts["rows"])).rename(columns={"first": "firsts"})
    numbers = [name for name in table.columns if name not in {Columns.MODEL, "firsts"}]
    for name in numbers:
        table[name] = [_shown(float(value)) for value in table[name]]
    parts = [text_table(windows), text_table(table), facts["sentence"], *facts["notes"]]
    return "\n\n".join(parts)


def _origins(workspace: Workspace, origins: Sequence[Origin]) -> pd.DataFrame:
    clock = workspace.config.clock
    return pd.DataFrame(
        [
            {
                ORIGIN: one.number,
                "starts": clock.render(one.starts),
                "ends": clock.render(one.ends),
                "rows": one.rows,
                "train_rows": one.train_rows,
                "events": one.events,
            }
            for one in origins
        ]
    )


def _rows(workspace: Workspace, boards: Mapping[int, Reference]) -> pd.DataFrame:
    parts = [
        primary_rows(read_rows(workspace, board), workspace).assign(**{ORIGIN: number})
        for number, board in boards.items()
    ]
    columns = [ORIGIN, Columns.MODEL, Columns.VALUE, Columns.LOW, Columns.HIGH]
    return pd.concat(parts, ignore_index=True)[columns]


def _notes(recipes: Mapping[int, Sequence[Recipe]]) -> tuple[str, ...]:
    """What else has to be known of how the models at the older origins came about."""
    all_of_them = [one for some in recipes.values() for one in some]
    notes = []
    if any(one.origin == "swept" for one in all_of_them):
        notes.append("Tuned models are tuned anew at each origin, on what was known then.")
    if any(one.origin == "champion" for one in all_of_them):
        notes.append(
            "The champion's recipe was chosen later than the older origins: there it knows more "
            "than a model of that time could."
        )
    return tuple(notes)


def _plain(value: Any) -> Any:  # noqa: ANN401  # anything JSON holds
    """The value with None for numbers that are not known."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
