"""The report's charts, as SVG to stand inside HTML: text takes the page's colour, so they fit light and dark."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: A colour a label, readable on light and on dark.
COLORS = {"content": "#2e9e5b", "navigation": "#4a7fd6", "ad": "#c98a1c", "comment_form": "#b655a0"}
_INK = "#123457"  # stands for the page's text colour until the SVG is done
_SOFT = "#8a8f98"
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": _SOFT, "grid.alpha": 0.3,
    "axes.edgecolor": _SOFT, "axes.axisbelow": True, "legend.frameon": False,
    "text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK, "legend.labelcolor": _INK,
}  # fmt: skip


def svg(name: str, draw: Callable[[Axes], None], width: float, height: float, described: str) -> str:
    """Return what ``draw`` draws on a figure of so many inches, as an SVG that a screen reader calls ``described``."""
    style: Any = {**_STYLE, "svg.hashsalt": name}  # its keys are typed as literals
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(
            out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
        )
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(_INK, "currentColor")
    for reference in (' id="', "url(#", 'href="#'):  # several charts stand on one page
        drawn = drawn.replace(reference, f"{reference}{name}-")
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def systems(rows: Sequence[Mapping[str, Any]], figure: str, label: str) -> str:
    """Return each system's ``figure`` with its interval, best last row first."""

    def draw(axes: Axes) -> None:
        shown = [row for row in rows if row[figure] is not None][::-1]
        for y, row in enumerate(shown):
            low, high = row["intervals"][figure]
            color = COLORS["content"] if row["name"] == "noiseclf" else _SOFT
            axes.plot([low, high], [y, y], color=color, linewidth=3, alpha=0.5, solid_capstyle="round")
            axes.plot(row[figure], y, "o", color=color, markersize=7)
            axes.annotate(f"{row[figure]:.3f}", (row[figure], y), (0, 7), textcoords="offset points", ha="center", size=9)
        axes.set_yticks(range(len(shown)), [row["name"] for row in shown])
        axes.set_ylim(-0.6, len(shown) - 0.2)
        axes.set_xlabel(f"{label}, 95% interval")

    return svg(figure, draw, 5.6, 0.5 * len(rows) + 0.8, f"{label} of each system")


def curves(labels: Mapping[str, Any]) -> str:
    """Return the precision-recall curve of each label."""

    def draw(axes: Axes) -> None:
        for name, curve in labels.items():
            text = f"{name} ({curve['average_precision']:.3f})"
            axes.plot(curve["recall"], curve["precision"], color=COLORS[name], label=text)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
        axes.legend(title="label (average precision)", loc="lower left")

    return svg("curves", draw, 5.2, 4.4, "Precision against recall of each label")


def tradeoff(curve: Mapping[str, Sequence[float]], favors: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return the precision and recall of content as its odds are shifted, with the favour settings marked."""

    def draw(axes: Axes) -> None:
        axes.plot(curve["recall"], curve["precision"], color=COLORS["content"])
        for (name, point), mark in zip(favors.items(), ("^", "o", "s"), strict=True):
            x, y = point[f"content_{unit}_recall"], point[f"content_{unit}_precision"]
            text = f"{name} ({y:.3f} / {x:.3f})"
            axes.plot(x, y, mark, color=COLORS["content"], markersize=9, linestyle="", label=text)
        axes.legend(title="favor (precision / recall)", loc="lower left")
        points = [(point[f"content_{unit}_recall"], point[f"content_{unit}_precision"]) for point in favors.values()]
        left, bottom = (min(values) - 0.1 for values in zip(*points, strict=True))
        axes.set(xlabel="recall of content", ylabel="precision of content", xlim=(left, 1.005), ylim=(bottom, 1.005))

    return svg(f"tradeoff-{unit}", draw, 5.2, 4.4, f"Content precision against recall by {unit}, favour settings marked")


def calibration(bins: Sequence[Mapping[str, float]]) -> str:
    """Return accuracy against confidence, a dot a bin, its area by its lines."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", linewidth=1, label="confidence is accuracy")
        most = max(row["lines"] for row in bins)
        sizes = [20 + 380 * (row["lines"] / most) ** 0.5 for row in bins]
        axes.scatter(
            [row["confidence"] for row in bins], [row["accuracy"] for row in bins], s=sizes, color=COLORS["navigation"], alpha=0.7
        )
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0.25, 1.03), ylim=(0.25, 1.03))
        axes.legend(loc="upper left")

    return svg("calibration", draw, 5.2, 4.4, "Accuracy against confidence")


def groups(kind: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the figures of each language or source, best first."""
    names = sorted(rows, key=lambda name: -(rows[name]["content_char_f1"] or 0))

    def draw(axes: Axes) -> None:
        marks = (
            ("content_char_f1", "o", "content", "content characters F1"),
            ("content_line_f1", "D", "navigation", "content lines F1"),
            ("macro_f1", "^", "comment_form", "macro-F1 of four"),
        )
        for figure, mark, color, text in marks:
            found = [(rows[name][figure], y) for y, name in enumerate(reversed(names)) if rows[name][figure] is not None]
            axes.plot(
                [x for x, _ in found], [y for _, y in found], mark, color=COLORS[color], label=text, linestyle="", alpha=0.85
            )
        axes.set_yticks(range(len(names)), [f"{name or 'unknown'} ({rows[name]['pages']})" for name in reversed(names)])
        axes.set(xlabel="F1", xlim=(-0.02, 1.02), ylim=(-0.6, len(names) - 0.4))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=9)

    return svg(kind, draw, 7, 0.26 * len(names) + 1.2, f"F1 of each {kind}")


def speed(rates: Mapping[str, float]) -> str:
    """Return pages a second of each system, on a logarithmic scale."""

    def draw(axes: Axes) -> None:
        names = list(rates)[::-1]
        colors = [COLORS["content"] if name == "noiseclf" else _SOFT for name in names]
        axes.barh(range(len(names)), [rates[name] for name in names], color=colors, height=0.6)
        for y, name in enumerate(names):
            axes.annotate(f"{rates[name]:.0f}", (rates[name], y), (4, 0), textcoords="offset points", va="center", size=9)
        axes.set_yticks(range(len(names)), names)
        axes.set(xscale="log", xlabel="pages a second, one core", xlim=(1, 2 * max(rates.values())))

    return svg("speed", draw, 7, 0.4 * len(rates) + 0.8, "Pages a second of each system")


def time_by_size(times: Mapping[str, float]) -> str:
    """Return the microseconds a line on pages of so many lines, with a band of 15% around their mean."""

    def draw(axes: Axes) -> None:
        sizes = [int(size.replace(",", "")) for size in times]
        mean = sum(times.values()) / len(times)
        axes.axhspan(0.85 * mean, 1.15 * mean, color=_SOFT, alpha=0.2, linewidth=0, label="mean ± 15%")
        axes.plot(sizes, list(times.values()), "o-", color=COLORS["content"])
        for size, time in zip(sizes, times.values(), strict=True):
            axes.annotate(f"{time:.1f}", (size, time), (0, 7), textcoords="offset points", ha="center", size=9)
        axes.set(xscale="log", xlabel="lines of the page", ylabel="µs a line, one core", ylim=(0, 1.4 * max(times.values())))
        axes.set_xticks(sizes, list(times))
        axes.minorticks_off()
        axes.legend(loc="lower right")

    return svg("time-by-size", draw, 6, 3.2, "Microseconds a line by lines of the page")


def time_by_part(times: Mapping[str, float]) -> str:
    """Return the microseconds a line of each part of the work."""

    def draw(axes: Axes) -> None:
        names = list(times)[::-1]
        axes.barh(range(len(names)), [times[name] for name in names], color=COLORS["content"], height=0.6)
        for y, name in enumerate(names):
            axes.annotate(f"{times[name]:.2f}", (times[name], y), (4, 0), textcoords="offset points", va="center", size=9)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="µs a line, one core, pages of 200 lines", xlim=(0, 1.15 * max(times.values())))

    return svg("time-by-part", draw, 6, 0.4 * len(times) + 0.8, "Microseconds a line by part of the work")
