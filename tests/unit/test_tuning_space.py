"""Search spaces: what may be tried, and what is refused."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import FixedTrial

from onstage.errors import ConfigError
from onstage.models.catalog import ALGORITHMS
from onstage.models.memory import MemoryConfig
from onstage.tuning.parameters import FloatParameter, IntParameter
from onstage.tuning.space import Space, default, load_space, make_space


HALF_LIFE = {"type": "float", "low": 0.5, "high": 8.0, "log": True}
KIND = {"type": "categorical", "choices": ["count", "recency", "decay"]}


def memory_space(**described: object) -> Space:
    return make_space(MemoryConfig(), described)


def test_a_trial_picks_what_the_space_names_and_the_base_keeps_the_rest() -> None:
    space = memory_space(half_life_days=HALF_LIFE)
    made = space.suggest(FixedTrial({"half_life_days": 2.0}), MemoryConfig(kind="decay"))
    assert made == MemoryConfig(kind="decay", half_life_days=2.0)


def test_a_parameter_that_does_not_matter_is_not_asked_for() -> None:
    space = memory_space(kind=KIND, half_life_days={**HALF_LIFE, "when": {"kind": ["decay"]}})
    assert space.suggest(FixedTrial({"kind": "count"}), MemoryConfig()) == MemoryConfig()
    decay = space.suggest(FixedTrial({"kind": "decay", "half_life_days": 4.0}), MemoryConfig())
    assert decay == MemoryConfig(kind="decay", half_life_days=4.0)


def test_a_parameter_may_depend_on_one_that_is_fixed_outside_the_space() -> None:
    space = memory_space(half_life_days={**HALF_LIFE, "when": {"kind": ["decay"]}})
    assert space.suggest(FixedTrial({}), MemoryConfig(kind="count")) == MemoryConfig()


def test_a_parameter_the_algorithm_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(
        ConfigError, match=r"memory: it has no parameter 'factors'; it has backoff, half_life_days"
    ):
        memory_space(factors={"type": "int", "low": 1, "high": 2})


def test_a_dependence_on_something_unknown_or_later_is_refused() -> None:
    with pytest.raises(ConfigError, match="no parameter 'sort'"):
        memory_space(half_life_days={**HALF_LIFE, "when": {"sort": ["decay"]}})
    with pytest.raises(ConfigError, match="half_life_days depends on 'kind', which comes later"):
        memory_space(half_life_days={**HALF_LIFE, "when": {"kind": ["decay"]}}, kind=KIND)


@pytest.mark.parametrize(
    ("described", "rule"),
    [
        ({"type": "float", "low": 2.0, "high": 1.0}, r"low 2.0 is above high 1.0: swap them"),
        ({"type": "float", "low": 0.0, "high": 1.0, "log": True}, "low must be above 0"),
        ({"type": "float", "low": 1, "high": 2, "log": True, "step": 1}, "leave one out"),
        ({"type": "real", "low": 1, "high": 2}, "'int', 'float', 'categorical'"),
        ({"type": "float", "low": 1, "high": 2, "stop": 3}, "Extra inputs"),
        ({"type": "categorical", "choices": []}, "at least 1 item"),
        ({"low": 1, "high": 2}, "discriminator"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_with_its_place(
    described: dict[str, object], rule: str
) -> None:
    with pytest.raises(ConfigError, match=rule) as error:
        memory_space(half_life_days=described)
    assert "half_life_days" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ConfigError, match="alz"):
        load_space("alz")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_shipped_space_fits_its_algorithm(algorithm: str) -> None:
    space = load_space(algorithm)
    base = default(algorithm)
    first = space.nearest(base)
    made = space.suggest(FixedTrial(first), base)
    assert made.algorithm == algorithm
    assert {name: getattr(made, name) for name in first} == first


def test_an_override_changes_only_the_keys_it_names() -> None:
    shipped = load_space("als").parameters["factors"]
    narrowed = load_space("als", {"factors": {"high": 32}}).parameters["factors"]
    assert narrowed == shipped.model_copy(update={"high": 32})


def test_an_override_with_a_type_replaces_and_none_takes_out() -> None:
    space = load_space("als", {"factors": {"type": "int", "low": 3, "high": 5}, "alpha": None})
    assert space.parameters["factors"] == IntParameter(type="int", low=3, high=5)
    assert "alpha" not in space.parameters


def test_what_is_fixed_is_not_searched() -> None:
    space = load_space("als")
    left = space.without({"alpha": 15.0})
    assert set(space.parameters) - set(left.parameters) == {"alpha"}


def test_a_default_outside_the_space_stands_at_its_edge(caplog: pytest.LogCaptureFixture) -> None:
    space = memory_space(half_life_days={"type": "float", "low": 10.0, "high": 20.0})
    with caplog.at_level("INFO"):
        assert space.nearest(MemoryConfig(half_life_days=3.0)) == {"half_life_days": 10.0}
    assert "the default 3.0 is outside the space; the sampler takes it for 10.0" in caplog.text


@given(
    low=st.integers(-20, 20),
    span=st.integers(0, 40),
    step=st.integers(1, 9),
    value=st.integers(-100, 100),
)
def test_the_nearest_integer_is_one_of_the_values_and_none_is_nearer(
    low: int, span: int, step: int, value: int
) -> None:
    parameter = IntParameter(type="int", low=low, high=low + span, step=step)
    nearest = parameter.nearest(value)
    assert nearest in parameter.values()
    assert abs(nearest - value) == min(abs(v - value) for v in parameter.values())


def test_a_stepped_float_ends_at_its_high_end() -> None:
    parameter = FloatParameter(type="float", low=0.1, high=0.5, step=0.1)
    values = parameter.values()
    assert values is not None
    assert values == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    assert max(values) <= parameter.high


def test_the_size_of_a_space_counts_what_can_differ() -> None:
    stepped = {"type": "float", "low": 1.0, "high": 4.0, "step": 1.0}
    assert memory_space(kind=KIND).size == 3
    assert memory_space(kind=KIND, half_life_days=stepped).size == 3 * 4
    conditional = {**stepped, "when": {"kind": ["decay"]}}
    assert (
        memory_space(kind=KIND, half_life_days=conditional).size == 2 + 4
    )  # count, recency; decay
    assert memory_space(half_life_days=HALF_LIFE).size is None
    assert memory_space().size == 1


def test_a_shipped_file_is_plain_yaml_of_parameters() -> None:
    folder = Path(__file__).parents[2] / "onstage" / "models" / "spaces"
    for file in folder.glob("*.yaml"):
        raw = yaml.safe_load(file.read_text())
        assert set(load_space(file.stem).parameters) == set(raw)
