"""The two panels: processor seconds and peak memory over rows, both logarithmic."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth.exponents import exponent
from benchmarks.growth.measurement import Measurement, of_step


def draw(found: Sequence[Measurement], steps: Sequence[str], path: Path) -> None:
    """Write the figure; a line a step, a grey line for what is linear."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "growth"
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    panels = (
        (left, "cpu", 1.0, "processor seconds"),
        (right, "peak_mib", 1024.0, "peak memory, GiB"),
    )
    for axes, name, unit, title in panels:
        for number, step in enumerate(steps):
            part = of_step(found, step)
            sizes = [one.rows for one in part]
            values = [getattr(one, name) / unit for one in part]
            if not part:
                continue
            slope = f" ({exponent(sizes, values):.2f})" if len(part) > 1 else ""
            marker = "os^vDPXd*"[number % 9]
            axes.plot(sizes, values, marker=marker, markersize=5, lw=1.6, label=f"{step}{slope}")
        axes.set(xscale="log", yscale="log", xlabel="rows of the log", title=title)
        limits = axes.get_ylim()
        _linear(axes)
        axes.set_ylim(limits)
        axes.grid(visible=True, which="major", alpha=0.3)
        beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "frameon": False}
        axes.legend(fontsize=8, title="exponent in brackets", title_fontsize=8, **beside)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)


def _linear(axes) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # matplotlib is imported late
    """A line of slope 1 through the middle of what is drawn."""
    lines = [one.get_xydata() for one in axes.get_lines()]
    points = [tuple(map(float, row)) for line in lines for row in line]
    if len({x for x, _ in points}) < 2:
        return
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    least = min(y for _, y in points)
    axes.plot([low, high], [least, least * high / low], color="0.6", lw=1, ls="--", label="linear")
