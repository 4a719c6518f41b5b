"""The language of a page, by langdetect: seeded, so that the same text always gives the same answer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

#: Characters that langdetect is given; more do not change its answer, only its time.
_SAMPLE = 3000


@lru_cache(maxsize=1)
def _factory() -> Any:
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    factory.load_profile(detector_factory.PROFILES_DIRECTORY)
    # An instance attribute: langdetect's documented seed is a class attribute, shared by every user in the process.
    factory.seed = 0
    return factory


def detect(text: str) -> str | None:
    """Return the language of ``text`` as langdetect names it, None where the text has no letters to tell it by."""
    from langdetect.lang_detect_exception import LangDetectException

    sample = text[:_SAMPLE].encode("utf-8", "replace").decode("utf-8")
    detector = _factory().create()
    detector.append(sample)
    try:
        language = str(detector.detect())
    except LangDetectException:  # "No features in text": nothing to tell a language by
        return None
    return None if language == "unknown" else language
