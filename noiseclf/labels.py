"""The four labels a line can have."""

from __future__ import annotations

from enum import Enum


class Label(str, Enum):
    """What a line of a web page is. Members are strings: ``Label.AD == "ad"``."""

    CONTENT = "content"
    NAVIGATION = "navigation"
    AD = "ad"
    COMMENT_FORM = "comment_form"

    __hash__ = str.__hash__  # equal to its string, so of the same hash; and made without a call of Python code

    def __str__(self) -> str:
        return self.value


#: The order of every probability column in the package and in its artefacts.
LABELS: tuple[Label, ...] = tuple(Label)

#: What cleaning removes unless told otherwise.
NOISE: frozenset[Label] = frozenset({Label.NAVIGATION, Label.AD, Label.COMMENT_FORM})
