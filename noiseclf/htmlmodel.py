"""The part of a model that labels the lines of HTML pages: scores of the markup's words, and a context network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf import markup
from noiseclf.context import ContextModel, offsets
from noiseclf.html import Document
from noiseclf.lines import normalise
from noiseclf.scorer import Scorer

try:
    from noiseclf._markup import features as _marked
    from noiseclf._markup import ways as _ways
except ImportError:  # where it could not be compiled
    from noiseclf.markup import features as _marked
    from noiseclf.markup import ways as _ways

Floats = npt.NDArray[np.float32]


def normalised(document: Document) -> list[str]:
    """Return the page's lines that are not empty as the model sees them, see :func:`noiseclf.lines.normalise`."""
    return normalise([document.lines[row] for row in document.rows.tolist()])


def features(document: Document, shape: Floats, scorer: Scorer, vectors: Floats) -> Floats:
    """Return what the context network sees of a page's lines, shape (n, features).

    Args:
        document: the page.
        shape: the shape features of its lines, shape (n, s).
        scorer: of the names of its elements.
        vectors: of what its lines say, shape (n, t); they come last.
    """
    texts, numbers = _ways(document)
    return np.concatenate([shape, _marked(document), scorer.scores_of(texts)[numbers], vectors], axis=1)


@dataclass(frozen=True)
class HtmlModel:
    """What an artefact holds for HTML.

    Attributes:
        scorer: of the names of the elements that a line stands in.
        network: what answers.
        offsets: what is added to the log-odds of content, by ``favor``.
    """

    scorer: Scorer
    network: ContextModel
    offsets: Mapping[str, np.float32]

    @classmethod
    def of(cls, metadata: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], width: int) -> HtmlModel:
        """Build the model from an artefact's metadata ``html`` and arrays ``html.*``.

        Args:
            metadata: ``scorer_labels``, ``network`` (its description) and ``favor``.
            arrays: ``html.scorer`` (the bytes of a packed fastText model) and ``html.network.*``.
            width: features that a line of text has.

        Raises:
            KeyError, TypeError, ValueError: something is missing, or parts do not fit each other.
        """
        scorer = Scorer(arrays["html.scorer"].tobytes(), metadata["scorer_labels"])
        own = {name.removeprefix("html."): array for name, array in arrays.items() if name.startswith("html.")}
        network = ContextModel.of(metadata["network"], own)
        expected = width + len(markup.NAMES) + len(metadata["scorer_labels"])
        if len(network.arrays["mean"]) != expected:
            raise ValueError(f"the network for HTML does not take the {expected} features a line that this noiseclf makes")
        return cls(scorer, network, offsets(metadata["favor"]))

    def probabilities(self, document: Document, shape: Floats, vectors: Floats) -> Floats:
        """Return the probability of each label, shape (n, 4); arguments as for :func:`features`."""
        return self.network.probabilities(features(document, shape, self.scorer, vectors))
