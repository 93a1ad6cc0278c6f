"""A data section that cannot be understood: what is said before anything is read."""

from typing import Any

import pytest
from pydantic import ValidationError

from onstage.data.sources.config import DataConfig
from onstage.settings import explain


COLUMNS = {"user_id": "user", "item_id": "item", "timestamp": "at"}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"preset": "deskdop"}, "unknown preset 'deskdop'; did you mean 'deskdrop'?"),
        ({"preset": "deskdrop", "itms": None}, "unknown key 'itms'; did you mean 'items'?"),
        ({"preset": "deskdrop", "items": {"colums": {}}}, "did you mean 'columns'?"),
        ({"interactions": {"columns": COLUMNS}}, "give either path (files) or url and query"),
        ({"interactions": {"url": "sqlite://", "columns": COLUMNS}}, "url and query belong"),
        (
            {"interactions": {"path": "x", "columns": {"user_id": "u"}}},
            "columns.item_id is missing",
        ),
        (
            {"interactions": {"path": "x", "columns": COLUMNS | {"usr": "u"}}},
            "unknown name 'usr'; did you mean 'user_id'?",
        ),
        (
            {"interactions": {"path": "x", "columns": COLUMNS}, "windows": "interactions"},
            "windows: interactions needs to know when a row ends",
        ),
        (
            {"interactions": {"path": "x", "columns": COLUMNS, "time": {"unit": "sec"}}},
            "time.unit 'sec': give iso, s, ms, us",
        ),
        (
            {"interactions": {"path": "x", "columns": COLUMNS, "sum_by": ["item_id"]}},
            "no user_id",
        ),
        (
            {"interactions": {"path": "x", "columns": COLUMNS, "weight": "duration"}},
            "columns.duration_seconds is missing",
        ),
    ],
)
def test_a_wrong_configuration_says_what_to_write(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DataConfig.model_validate(raw)
    assert said in explain(caught.value, "data.yaml")


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@host/db", "postgresql://host/db?user=me&password=hunter2"]
)
def test_a_password_in_plain_text_is_refused_and_not_repeated(url: str) -> None:
    section = {"url": url, "query": "SELECT 1", "columns": COLUMNS}
    with pytest.raises(ValidationError) as caught:
        DataConfig.model_validate({"interactions": section})
    said = explain(caught.value, "data.yaml")
    assert "password" in said
    assert "${NAME}" in said
    assert "hunter2" not in said
