"""What the classifier answers: a page of labelled lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from noiseclf.labels import LABELS, NOISE, Label


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    Attributes:
        text: the line as it was given, without its line break.
        label: what the line is; None where the line is blank.
        confidence: the probability of ``label``, between 0 and 1; 0 where the line is blank.
        probabilities: the probability of each of the four labels; they sum to 1. Empty where the line is blank.
        number: the line's position in the input, counted from 0.
        element: for HTML the tags that the line stands in, as ``"article/ul/li"``; else, and where it is blank, "".
    """

    text: str
    label: Label | None
    confidence: float
    probabilities: Mapping[Label, float]
    number: int
    element: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain Python values, ready for JSON; ``element`` where it has one."""
        values = {
            "number": self.number,
            "label": None if self.label is None else self.label.value,
            "confidence": self.confidence,
            "probabilities": {label.value: p for label, p in self.probabilities.items()},
            "text": self.text,
        }
        return {**values, "element": self.element} if self.element else values


@dataclass(frozen=True)
class Page:
    """A classified page.

    Attributes:
        lines: one :class:`Line` an input line, in input order, blank ones too.
        drop: the labels that :attr:`text` leaves out.
    """

    lines: tuple[Line, ...]
    drop: frozenset[Label] = NOISE

    @cached_property
    def text(self) -> str:
        """The page without the lines whose label is in ``drop``; see :func:`keep`."""
        return keep([line.text for line in self.lines], [line.label for line in self.lines], self.drop)

    @cached_property
    def language(self) -> str | None:
        """The language of the kept text as langdetect names it (``"en"``, ``"zh-cn"``), None where it cannot tell."""
        from noiseclf.language import detect

        return detect(self.text) or detect("\n".join(line.text for line in self.lines))

    def counts(self) -> dict[Label, int]:
        """Return how many lines carry each label; blank lines are not counted."""
        return {label: sum(line.label is label for line in self.lines) for label in LABELS}

    def as_dict(self) -> dict[str, Any]:
        """Return the page as plain Python values, ready for JSON."""
        return {"text": self.text, "lines": [line.as_dict() for line in self.lines]}


def keep(lines: Sequence[str], labels: Sequence[Label | None], drop: Collection[Label]) -> str:
    """Join the lines whose label is not in ``drop``.

    Blank lines (label None) between kept lines stay, as the page's paragraph breaks; where lines between them were
    dropped, one blank line stays of each such gap; blank lines at either end go with what was dropped there.
    """
    kept: list[str] = []
    blank: list[str] = []  # since the last kept line
    dropped = False  # since the last kept line
    for text, label in zip(lines, labels, strict=True):
        if label is None:
            blank.append(text)
        elif label in drop:
            dropped = True
        else:
            if not dropped:
                kept += blank
            elif kept:
                kept += blank[:1]
            kept.append(text)
            blank, dropped = [], False
    if not dropped:
        kept += blank
    return "\n".join(kept)
