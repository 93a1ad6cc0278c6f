"""Comparisons, sweeps and estimates of ratings models as plain text."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from onstage.columns import Columns


HEAD: Final = ("model", "RMSE", "MAE", "fit s", "test s", "hold-out RMSE", "hold-out MAE", "known")


def comparison_text(rows: pd.DataFrame) -> str:
    """A table of one line a model, numbers over folds with their standard deviation.

    Parameters
    ----------
    rows
        As :func:`onstage.pipeline.ratings.comparing.table` gives them.
    """
    shown = rows[rows["refused"] == ""]
    lines = [HEAD, *(_line(row) for _, row in shown.iterrows())]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    refused = rows[rows["refused"] != ""]
    text += [f"{row[Columns.MODEL]}: {row['refused']}" for _, row in refused.iterrows()]
    return "\n".join(line.rstrip() for line in text)


def _line(row: "pd.Series[Any]") -> tuple[str, ...]:
    return (
        str(row[Columns.MODEL]),
        *(f"{row[name]:.4f} ± {row[f'{name}_std']:.4f}" for name in ("rmse", "mae")),
        *(
            f"{row[name]:.2f} ± {row[f'{name}_std']:.2f}"
            for name in ("fit_seconds", "test_seconds")
        ),
        f"{row['holdout_rmse']:.4f}",
        f"{row['holdout_mae']:.4f}",
        f"{100 * row['known']:.1f} %",
    )


def sweep_text(
    sweep: Mapping[str, float | int | str], best: Mapping[str, Any], check: Mapping[str, Any]
) -> str:
    """What a sweep found, and what the hold-out says of it, a few lines."""
    trials = f"{sweep['trials']} trials ({sweep['pruned']} given up early)"
    errors = f"RMSE {check['rmse']:.4f}, MAE {check['mae']:.4f}"
    lines = [
        f"{sweep['algorithm']}: RMSE {float(sweep['rmse']):.4f} over folds, best of {trials}",
        ", ".join(f"{name} {value:g}" for name, value in best.items() if _number(value)),
        f"hold-out of {check['n']:,} pairs: {errors}; the mean {check['baseline_rmse']:.4f}",
    ]
    names = {"raw": "exp", "smearing": "exp x smearing", "lognormal": "exp x lognormal"}
    for how, errors in check.get("seconds", {}).items():
        factor = 1.0 if how == "raw" else check["factors"][how]
        lines.append(
            f"in {check['unit']}, {names[how]} (x {factor:.3f}): RMSE {errors['rmse']:,.1f}, "
            f"MAE {errors['mae']:,.1f}, total {100 * errors['bias']:+.1f} %"
        )
    return "\n".join(lines)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def estimate_text(value: Mapping[str, Any]) -> str:
    """An estimate and what it rests on, a few lines."""
    unit = value["unit"]
    if value["target"] == "rating":
        lines = [f"{value['amount']:.2f} ({unit})"]
    else:
        lines = [f"{value['amount']:,.0f} {unit} (median), {value['mean']:,.0f} on average"]
    lines.append(f"rests on {value['rests_on']}")
    lines.append(
        f"{value['algorithm']} knows {value['user_ratings']:,} pairs of the user, "
        f"{value['item_ratings']:,} of the item"
    )
    if value["observed"] is not None:
        number = ".2f" if value["target"] == "rating" else ",.0f"
        lines.append(f"the pair itself was in the training: {value['observed']:{number}} {unit}")
    return "\n".join(lines)
