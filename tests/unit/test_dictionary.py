import pytest

from onstage.columns import Columns
from onstage.contracts import TABLES
from onstage.pipeline.dictionary.canonical import CANONICAL
from onstage.pipeline.dictionary.tables import DICTIONARY, described


def test_a_canonical_table_has_the_columns_of_its_contract() -> None:
    assert [one.name for one in CANONICAL] == list(TABLES)
    for one in CANONICAL:
        contract = TABLES[one.name]
        assert set(contract.required) | set(contract.optional) <= set(one.columns)
        assert set(one.columns) - one.optional == set(contract.required)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("store/backtest-0a/live-B.parquet", "events of a recipe"),
        ("store/backtest-0a/live-B.seeds.parquet", "events of a recipe, by seed"),
        ("store/cluster-0a/users/labels.parquet", "clusters: labels"),
        ("datasets/demo/recommendations.parquet", "recommendations"),
    ],
)
def test_a_file_is_known_by_its_place(path: str, name: str) -> None:
    found = described(path)
    assert found is not None
    assert found.name == name


def test_what_is_no_table_of_ours_is_not_described() -> None:
    assert described("artifacts/1/lists.parquet") is None


def test_a_missing_and_an_unknown_column_are_told_apart_from_optional_ones() -> None:
    lists = next(one for one in DICTIONARY if one.name == "recommendations")
    columns = [Columns.USER, Columns.ITEM, Columns.SCORE, Columns.RANK, "colour"]
    assert lists.differences(columns) == [Columns.FALLBACK, "colour"]
    assert lists.differences([*columns[:4], Columns.FALLBACK, Columns.TITLE]) == []
