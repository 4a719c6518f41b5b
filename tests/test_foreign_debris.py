"""Foreign debris: what another language's forms and menus leave on a page is noise, and the page stays whole.

The phrases are those that training never sees (``training.corpus.held_out``); the host pages are written for this test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import noiseclf
from training.corpus import read_own, read_phrases
from training.debris import Tally, run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tallies() -> dict[tuple[str, str], Tally]:
    data = ROOT / "data"
    hosts = read_own(ROOT / "tests" / "hosts")
    return run(noiseclf.load(), read_phrases(data), read_own(data), hosts)


def total(tallies: dict[tuple[str, str], Tally], code: str) -> Tally:
    return sum((tally for (_, found), tally in tallies.items() if found == code), Tally())


def test_at_least_75_languages_are_tried(tallies: dict[tuple[str, str], Tally]) -> None:
    assert len({lang for lang, _ in tallies}) >= 75


@pytest.mark.parametrize("code", ["F", "N"])
def test_debris_of_all_languages_is_noise_of_the_right_kind(tallies: dict[tuple[str, str], Tally], code: str) -> None:
    tally = total(tallies, code)
    assert tally.noise >= 0.97 * tally.lines
    assert tally.right >= 0.92 * tally.lines
    assert tally.lost <= 0.005 * tally.kept
