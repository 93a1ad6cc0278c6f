"""Whether a challenger becomes the champion: arithmetic on paired evidence, not plumbing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from onstage.conditions import Promotion
from onstage.registry.conditions import Condition, Gain, above, plain


CHAMPION: Final = "champion"
"""Key of the difference challenger - champion: no recipe in a configuration may be called so."""

Verdict = Literal["first", "promoted", "refreshed", "kept"]
"""What was decided, in one word."""


@dataclass(frozen=True)
class Standing:
    """A model that stands for the alias, by what it is and not by what it once scored."""

    name: str
    """Its name on the leaderboard, e.g. ``als`` or ``memory(count)``."""
    config: Mapping[str, Any]
    """Its recipe: algorithm and hyperparameters, as JSON."""
    data_digest: str = ""
    """Digest of the data that the recipe was, or would be, fitted on."""
    version: str | None = None
    """Its version in the registry, if it has one."""
    newest: int | None = None
    """Tick of the newest row of those data; None where it was not written down."""

    @property
    def label(self) -> str:
        """How reasons name it: ``v7`` if registered."""
        return self.name if self.version is None else f"v{self.version}"


@dataclass(frozen=True)
class Decision:
    """A verdict, with the reasons a person would ask for."""

    promote: bool
    """Whether the champion's alias moves to the challenger."""
    reasons: tuple[str, ...]
    """At least one; each with its numbers."""
    challenger: Standing
    champion: Standing | None
    """The champion before the decision."""
    verdict: Verdict
    intervals: Mapping[str, Gain] = field(default_factory=lambda: MappingProxyType({}))
    """Opponent to the difference that was looked at."""
    conditions: tuple[Condition, ...] = ()
    """Every condition that was looked at, those that passed too."""

    @property
    def sentence(self) -> str:
        """The decision on one line."""
        subject = {
            "first": f"first champion {self.challenger.label}",
            "promoted": f"promoted {self.challenger.label}",
            "refreshed": f"refreshed champion with {self.challenger.label}",
            "kept": f"kept champion {self.champion.label}" if self.champion else "no champion yet",
        }
        return f"{subject[self.verdict]}: {'; '.join(self.reasons)}"


def opponents(rules: Promotion, names: Sequence[str], challenger: str) -> tuple[str, ...]:
    """Models on the leaderboard that the challenger must be compared with as baselines.

    A rule's baseline ``memory`` stands for every model called ``memory`` or ``memory(…)``. A
    challenger that is itself one of them need not beat its own kind.
    """
    return tuple(
        name
        for baseline in rules.baselines
        for name in names
        if _is(name, baseline) and not _is(challenger, baseline)
    )


def level(rules: Promotion, names: Sequence[str], champion: str | None) -> float:
    """Confidence of the intervals of gains, where the best of `names` is put forward.

    Parameters
    ----------
    names
        The leaderboard.
    champion
        The champion's name on it.

    Returns
    -------
    float
        ``rules.confidence``; with ``selection: corrected`` its complement is shared among the
        models that could have led by chance: those that are neither a baseline nor the champion.
    """
    if rules.selection == "ignored":
        return rules.confidence
    baselines = {name for name in names for baseline in rules.baselines if _is(name, baseline)}
    rivals = {*names} - baselines - {champion}
    return 1 - (1 - rules.confidence) / max(1, len(rivals))


def decide(
    rules: Promotion,
    challenger: Standing,
    champion: Standing | None,
    differences: Mapping[str, Gain],
    others: Sequence[Condition] = (),
) -> Decision:
    """Decide whether `challenger` takes the champion's alias.

    Parameters
    ----------
    rules
        Margins and baselines (``promotion`` in ``mlflow.yaml``).
    challenger
        The best model of the leaderboard on the primary metric, group and protocol.
    champion
        Who holds the alias, or None. It must have been evaluated anew from its recipe: refitted on
        the challenger's training data and asked the same events.
    differences
        Challenger - opponent on the same events: under :data:`CHAMPION` for the champion, under
        their leaderboard names for the baselines (see :func:`opponents`).
    others
        Guardrails and limits, judged (:mod:`onstage.registry.guardrails`): all must pass.

    Returns
    -------
    Decision
        The alias moves only when the lower end of every interval is *above* its margin and every
        one of `others` passed. A missing champion's interval, or one without events, never passes.

    Notes
    -----
    Same recipe as the champion: on unchanged data there is nothing new; on newer data it takes the
    alias as a refresh if ``rules.refresh`` and the baselines' conditions hold. Newer means that the
    newest row is later: an older copy of the log, or the same days corrected, refreshes nothing. A
    version without a newest tick (made by an earlier release) counts as older. A recipe is not
    compared with itself.
    """
    baselines = _baselines(rules, challenger, differences)
    verdict: Verdict = "promoted"
    if champion is None:
        verdict, found = "first", baselines
    elif champion.config == challenger.config:
        verdict, newness = "refreshed", _newness(rules, challenger, champion)
        found = [newness, *baselines] if newness.passed else [newness]
        others = others if newness.passed else ()
    else:
        gain = differences.get(CHAMPION)
        over = above(rules.metric, rules.margin, "champion", champion.name, gain)
        found = [over, *baselines]
    return _conclude(verdict, challenger, champion, [*found, *others], differences)


def _newness(rules: Promotion, challenger: Standing, champion: Standing) -> Condition:
    """Whether the champion's own recipe has newer data to offer."""
    if champion.data_digest == challenger.data_digest:
        return _new("nothing new: the same recipe on the same data", passed=False)
    if (stale := _no_newer(challenger, champion)) is not None:
        return _new(stale, passed=False)
    if not rules.refresh:
        return _new("the same recipe on newer data, and refresh is off", passed=False)
    return _new(f"the recipe of {champion.label} on newer data", passed=True)


def _new(reason: str, *, passed: bool) -> Condition:
    return plain("newness", "newer data", reason, passed=passed)


def _no_newer(challenger: Standing, champion: Standing) -> str | None:
    """Why the challenger's data are not newer than the champion's; None if they are."""
    mine, theirs = challenger.newest, champion.newest
    if mine is None or theirs is None or mine > theirs:
        return None
    how = "older data" if mine < theirs else "other data that end at the same time"
    return f"the same recipe on {how}: newest tick {mine}, that of {champion.label} {theirs}"


def _conclude(
    verdict: Verdict,
    challenger: Standing,
    champion: Standing | None,
    found: Sequence[Condition],
    differences: Mapping[str, Gain],
) -> Decision:
    """Promote if every condition passed, else keep and give the reasons against only.

    Slices that could not be judged are named in any case.
    """
    against = tuple(condition.reason for condition in found if not condition.passed)
    open_ones = tuple(c.reason for c in found if c.kind == "guardrail" and not c.judged)
    every = tuple(condition.reason for condition in found) or ("no condition was set",)
    reasons = (*against, *open_ones) if against else every
    return Decision(
        promote=not against,
        reasons=reasons,
        challenger=challenger,
        champion=champion,
        verdict="kept" if against else verdict,
        intervals=MappingProxyType(dict(differences)),
        conditions=tuple(c.model_copy(update={"challenger": challenger.name}) for c in found),
    )


def _baselines(
    rules: Promotion, challenger: Standing, differences: Mapping[str, Gain]
) -> list[Condition]:
    return [
        condition
        for baseline in rules.baselines
        for condition in _baseline(rules, baseline, challenger, differences)
    ]


def _baseline(
    rules: Promotion, baseline: str, challenger: Standing, differences: Mapping[str, Gain]
) -> list[Condition]:
    if _is(challenger.name, baseline):
        own = f"{challenger.name} is itself the baseline {baseline}"
        return [plain("baseline", f"over {baseline}", own, passed=True)]
    margin = rules.min_gain_over_baselines
    met = [
        above(rules.metric, margin, "baseline", name, gain)
        for name, gain in differences.items()
        if _is(name, baseline)
    ]
    absent = f"{baseline} was not on the leaderboard"
    return met or [plain("baseline", f"over {baseline}", absent, passed=True, judged=False)]


def _is(name: str, baseline: str) -> bool:
    return name == baseline or name.startswith(f"{baseline}(")
