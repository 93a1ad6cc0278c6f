"""Every moment of the little platform's retrain, in their order."""

STEPS = {
    "ingest": 1, "validate": 1, "sweep": 2, "backtest": 4, "slices": 1, "leaderboard": 1,
    "drift": 1, "refit": 2, "cluster": 1, "recommend": 1,
}  # fmt: skip
"""Steps of the little platform's retrain, and how often each is made."""
CALLS = {
    "trial": 4, "record": 1, "record-child": 4, "register": 2, "upload": 2,
    "register-uploaded": 2, "annotate": 2, "promote": 1, "audit": 2, "report": 1, "remember": 1,
}  # fmt: skip
"""What is done outside the store: trials, MLflow, the registry, the audit, the page."""
MOMENTS = ("begun", "middle", "written", "published")
POINTS = (
    *(f"{s}#{n + 1}:{m}" for s, count in STEPS.items() for n in range(count) for m in MOMENTS),
    *(f"{c}#{n + 1}:{m}" for c, times in CALLS.items() for n in range(times)
      for m in ("before", "after")),
)  # fmt: skip
FEW = ("sweep#2:middle", "register-uploaded#1:before", "promote#1:after")
"""Moments that the ordinary tests look at; ``make test-kill`` looks at all of them."""

_ORDER = [f"{step}#{n + 1}" for step, count in STEPS.items() for n in range(count)]
_LAST = "leaderboard#1"
"""Later steps stand between calls that a resumed retrain makes again."""
BOUNDARIES = tuple(f"{step}:published" for step in _ORDER[: _ORDER.index(_LAST) + 1])
"""Ends of steps at which a copy of the home is kept, to start from."""


def before(point: str) -> str | None:
    """The last of the boundaries before a moment; None at the very start."""
    what = point.partition(":")[0]
    kind, _, number = what.partition("#")
    if kind == "trial":
        what = "sweep#1" if int(number) <= 2 else "sweep#2"
    place = _ORDER.index(what) if what in _ORDER else len(BOUNDARIES)
    place = min(place, len(BOUNDARIES))
    return None if place == 0 else BOUNDARIES[place - 1]
