"""What a retrain puts on its page beside numbers: examples, splits, stamps."""

import pandas as pd
import pytest
from pydantic import TypeAdapter

from onstage.config import PipelineConfig
from onstage.data.sources.config import DataConfig
from onstage.data.titles import Titles
from onstage.pipeline import examples
from onstage.pipeline.examples import PLACES, chosen
from onstage.pipeline.provenance import RANDOM, about, notes
from onstage.splitting.protocol import Protocol
from onstage.testing.examples import crowd, log


def config(*protocols: dict[str, object]) -> PipelineConfig:
    adapter: TypeAdapter[Protocol] = TypeAdapter(Protocol)
    return PipelineConfig(
        name="demo",
        data=DataConfig(preset="deskdrop", folder="."),
        protocols=tuple(adapter.validate_python(one) for one in protocols),
    )


def test_examples_go_from_the_busiest_to_the_least_busy_user() -> None:
    data = crowd(0)
    found = chosen(data)
    rows = [int(data.user_counts[position]) for position in found]
    assert len(found) == len(PLACES)
    assert rows == sorted(rows, reverse=True)
    assert rows[0] == data.user_counts.max()
    assert rows[-1] == data.user_counts[data.user_counts > 0].min()
    assert next(iter(found.values())) == f"the busiest, {rows[0]:,} rows"


def test_a_small_log_has_fewer_examples_each_once() -> None:
    assert list(chosen(log([("ada", "x", 0)])).values()) == ["the busiest, 1 row"]


def test_an_item_without_a_title_is_shown_by_its_id() -> None:
    data = log([("ada", "x", 0), ("ada", "y", 1)])
    titles = Titles(data.items, pd.DataFrame({"item_id": ["x", "y"], "title": ["Mosaic", None]}))
    lists = pd.DataFrame({"user_id": ["ada", "ada"], "item_id": ["x", "y"], "rank": [1, 2]})
    found = examples._sample(data, 0, lists, titles, "the busiest")
    assert found.had == ("y", "Mosaic")  # newest first
    assert found.recommended == ("Mosaic", "y")


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ({"kind": "temporal"}, "One instant cuts the log"),
        ({"kind": "live", "track": "A"}, "who is live is ranked by the user's 16 newest rows"),
        ({"kind": "live", "track": "C"}, "who is live (live by somebody else's row) is ranked"),
        ({"kind": "masked", "share": 0.25}, "25% of all pairs were hidden at random"),
        (
            {"kind": "temporal", "repeat": {"kind": "exclude"}},
            "what the user had is no candidate.",
        ),
    ],
)
def test_each_protocol_says_how_it_cuts_the_log(protocol: dict[str, object], words: str) -> None:
    (sentence,) = about(config(protocol)).values()
    assert words in sentence


def test_only_a_random_split_is_stamped() -> None:
    assert notes(config({"kind": "temporal"}, {"kind": "live"})) == ()
    (note,) = notes(config({"kind": "temporal"}, {"kind": "masked"}))
    assert note.startswith(f"{RANDOM}: protocol masked")
