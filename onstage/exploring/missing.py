"""Which cells of the raw sources have no value, and which columns and rows are not used."""

from dataclasses import dataclass

from typing_extensions import override

from onstage.data.sources.survey import ColumnSurvey, TableSurvey
from onstage.exploring.exhibit import Exhibit, Sheet
from onstage.exploring.wording import count, counted, listed, percent


@dataclass(frozen=True, kw_only=True)
class Missing(Exhibit):
    """Missing values of one source table, by column."""

    survey: TableSurvey

    @property
    @override
    def sentence(self) -> str:
        columns = self.survey.columns
        holes = sorted((c for c in columns if c.missing), key=lambda c: -_share(c))
        text = f"Every one of the {counted(len(columns), 'column')} is full"
        if holes:
            worst = holes[0]
            text = (
                f"{len(holes)} of {counted(len(columns), 'column')} {_have(len(holes))} missing "
                f"values, most of all {worst.name} ({percent(_share(worst))})"
            )
        return f"{text}.{self._empty()}{self._unused()}{self._left_out()}"

    def _empty(self) -> str:
        empty = [c.name for c in self.survey.columns if c.missing == c.rows and c.rows]
        return f" No value at all: {listed(empty)}." if empty else ""

    def _unused(self) -> str:
        unused = [c.name for c in self.survey.columns if not c.use]
        return f" Not used: {listed(unused)}." if unused else " All are used."

    def _left_out(self) -> str:
        lost = self.survey.rows - self.survey.kept
        if not lost:
            return ""
        why = listed([f"{value} ({count(rows)})" for value, rows in self.survey.dropped.items()])
        share = percent(lost / self.survey.rows)
        return f" {counted(lost, 'row')} ({share}) {_are(lost)} dropped: {why}."

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        columns = self.survey.columns
        uneven = any(c.rows != self.survey.rows for c in columns)
        rows = tuple(
            (
                c.name,
                c.use or "not used",
                *((count(c.rows),) if uneven else ()),
                "not counted" if c.missing is None else count(c.missing),
                percent(_share(c)) if c.missing is not None else "",
            )
            for c in columns
        )
        caption = f"{listed(self.survey.files)}: {counted(self.survey.rows, 'row')}"
        header = ("column", "used as", *(("rows",) if uneven else ()), "missing", "share")
        return (Sheet(caption, header, rows, tuple(_share(c) for c in columns)),)

    @override
    def facts(self) -> dict[str, object]:
        return {**super().facts(), "survey": self.survey.model_dump(mode="json")}


def missing(survey: TableSurvey) -> Missing:
    """Show one table's survey."""
    title = f"Missing values: {survey.table}"
    return Missing(key=f"missing_{survey.table}", title=title, survey=survey)


def _share(column: ColumnSurvey) -> float:
    return (column.missing or 0) / column.rows if column.rows else 0.0


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
