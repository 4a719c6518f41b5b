"""More training pages from those there are: foreign debris, fragments, glued menus, worn text. Labels follow the lines.

Every change is drawn from a seeded generator of the page's own, so that adding a page changes no other.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from re import Match

import numpy as np

from noiseclf.lines import normalise
from training.corpus import SLOT, Phrase, held_out
from training.examples import Example

_NAMES = ("Anna", "Marek", "Li Wei", "Fatima", "João", "Олена", "Yuki", "Priya", "Ahmet", "Nokuthula", "Jean-Luc", "Κώστας")
_SITES = ("The Ferry Post", "Kronika", "mojblog.example", "Alba24", "Nowiny Rynku", "Tidende", "Дневник", "ಸುದ್ದಿ", "日报")
_CITIES = ("Lyon", "Gdańsk", "Mumbai", "Bursa", "Porto", "Київ", "Kumasi", "Osaka")
_TITLES = (
    "Old tram depot becomes a market hall", "Nueve ideas para un balcón pequeño", "Wo der Fluss im Sommer verschwindet",
    "Новый мост откроют осенью", "Trois randonnées sans voiture", "小さな港の大きな祭り", "Bir köyün arıcıları anlatıyor",
)  # fmt: skip


def fill(phrase: str, rng: np.random.Generator) -> str:
    """Return ``phrase`` with each slot filled by a made-up count, date, name and so on."""

    def value(match: Match[str]) -> str:
        day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(2004, 2027))
        dates = (f"{day}.{month}.{year}", f"{year}-{month:02}-{day:02}", f"{month}/{day}/{year}")
        values = {
            "n": str(int(rng.choice([1, 2, 3, 5, 12, 27, 140, 1532]))),
            "date": dates[int(rng.integers(3))],
            "time": f"{int(rng.integers(24))}:{int(rng.integers(60)):02}",
            "year": str(year),
            "name": str(rng.choice(_NAMES)),
            "site": str(rng.choice(_SITES)),
            "title": str(rng.choice(_TITLES)),
            "price": str(rng.choice(["4,99 €", "$12", "29 kr", "₹199", "1 990 ₽", "£3.50"])),
            "city": str(rng.choice(_CITIES)),
            "email": "redaktion@example.org",
        }
        return values[match[1]]

    return SLOT.sub(value, phrase)


def _own_generator(*names: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha1("\0".join(names).encode()).digest()[:8], "big"))


def _phrase_fold(phrase: Phrase, folds: int) -> int:
    return int.from_bytes(hashlib.sha1(phrase.text.encode()).digest()[1:3], "big") % folds


def thinned(phrases: Sequence[Phrase], label: str, share: float) -> list[Phrase]:
    """Return ``phrases`` with only a ``share`` of those labelled ``label``, chosen by their words."""
    limit = share * 256
    return [p for p in phrases if p.label != label or hashlib.sha1(p.text.encode()).digest()[3] < limit]


def phrase_examples(phrases: Sequence[Phrase], folds: int, copies: int) -> list[Example]:
    """Return the phrases as examples for the scorer alone, one a language and fold; held-out ones are left out."""
    groups: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for phrase in phrases:
        if not held_out(phrase.text):
            rng = _own_generator("phrase", phrase.lang, phrase.text)
            group = groups.setdefault((phrase.lang, _phrase_fold(phrase, folds)), [])
            group.extend((fill(phrase.text, rng), phrase.label) for _ in range(2 if "{" in phrase.text else 1))
    return [
        Example(tuple(text for text, _ in rows), "".join(code for _, code in rows), "", fold, language, False, copies)
        for (language, fold), rows in groups.items()
    ]


def debris_examples(examples: Sequence[Example], phrases: Sequence[Phrase], folds: int, share: float) -> list[Example]:
    """Return copies of a ``share`` of the labelled pages with another language's debris set in.

    A page gets only phrases of its own fold, so that its scorer has not seen them.
    """
    pool: dict[int, dict[str, list[Phrase]]] = {}
    for phrase in phrases:
        if not held_out(phrase.text) and phrase.label != "C":
            pool.setdefault(_phrase_fold(phrase, folds), {}).setdefault(phrase.lang, []).append(phrase)
    made = []
    for e in examples:
        if not (e.labels and e.context and e.fold in pool):
            continue
        rng = _own_generator("debris", *e.lines[:40])
        if rng.random() < share:
            made.append(_with_debris(e, pool[e.fold], rng))
    return made


def _with_debris(e: Example, pool: dict[str, list[Phrase]], rng: np.random.Generator) -> Example:
    """Set one block of each of some codes into the page: forms and ads after the body or inside, navigation anywhere."""
    lines, labels = list(e.lines), list(e.labels)
    languages = sorted(pool)
    for code, chance in (("F", 0.8), ("N", 0.6), ("A", 0.5)):
        rows = [p for p in pool[languages[int(rng.integers(len(languages)))]] if p.label == code]
        if not rows or rng.random() > chance:
            continue
        body = [i for i, label in enumerate(labels) if label == "C"]
        last = body[-1] + 1 if body else len(lines)
        first = body[0] if body else 0
        places = {
            "F": [last, last, len(lines)],
            "N": [0, first, last, last, len(lines)],
            "A": [first, last, int(rng.integers(first, last + 1)), len(lines)],
        }[code]
        place = places[int(rng.integers(len(places)))]
        count = int(rng.integers(1, 1 + min(len(rows), {"F": 9, "N": 8, "A": 3}[code])))
        block = [fill(rows[int(i)].text, rng) for i in rng.choice(len(rows), count, replace=False)]
        lines[place:place] = block
        labels[place:place] = code * count
    return replace(e, lines=tuple(lines), labels="".join(labels))


def fragments(examples: Sequence[Example], share_cut: float, share_single: float, weight: float) -> list[Example]:
    """Return parts of labelled pages: runs of 2 to 40 lines of ``share_cut`` of them, and ``share_single`` of all lines alone.

    The latter count ``weight`` times as much as on their page.
    """
    made = []
    for e in examples:
        if not (e.labels and e.context):
            continue
        rng = _own_generator("fragment", *e.lines[:40])
        if rng.random() < share_cut and len(e.lines) > 4:
            size = int(rng.integers(2, min(41, len(e.lines))))
            start = int(rng.integers(0, len(e.lines) - size + 1))
            made.append(replace(e, lines=e.lines[start : start + size], labels=e.labels[start : start + size]))
        alone = np.flatnonzero(rng.random(len(e.lines)) < share_single)
        made.extend(replace(e, lines=(e.lines[i],), labels=e.labels[i], weight=weight * e.weight) for i in alone)
    return made


def glued_menus(examples: Sequence[Example], share: float) -> list[Example]:
    """Return copies of a ``share`` of the labelled pages with runs of short navigation lines on one line each."""
    made = []
    for e in examples:
        if not (e.labels and e.context):
            continue
        rng = _own_generator("glue", *e.lines[:40])
        if rng.random() >= share:
            continue
        separator = str(rng.choice([" | ", " • ", " ", " · ", " / "]))
        lines: list[str] = []
        labels: list[str] = []
        for text, code in zip(e.lines, e.labels, strict=True):
            if lines and code == labels[-1] == "N" and len(text) < 25 and len(lines[-1]) < 160 and rng.random() < 0.85:
                lines[-1] += separator + text
            else:
                lines.append(text)
                labels.append(code)
        made.append(replace(e, lines=tuple(lines), labels="".join(labels)))
    return made


def worn(examples: Sequence[Example], share: float) -> list[Example]:
    """Return copies of a ``share`` of the labelled pages, each worn in one of the ways of ``WAYS``; those it changes."""
    made = []
    for e in examples:
        if not (e.labels and e.context):
            continue
        rng = _own_generator("worn", *e.lines[:40])
        if rng.random() >= share:
            continue
        rows = WAYS[int(rng.integers(len(WAYS)))](list(zip(e.lines, e.labels, strict=True)), rng)
        shown = [
            (line, code) for line, code in zip(normalise([text for text, _ in rows]), (c for _, c in rows), strict=True) if line
        ]
        lines = tuple(line for line, _ in shown)
        if lines and lines != e.lines:
            made.append(replace(e, lines=lines, labels="".join(code for _, code in shown)))
    return made


Rows = list[tuple[str, str]]
_ACCENTED = re.compile(r"([A-Za-z\u0370-\u03ff])[\u0300-\u036f]+")


def without_accents(rows: Rows, _: np.random.Generator) -> Rows:
    """Take the accents off Latin and Greek letters, as where a page went through ASCII or was typed in haste."""
    return [(unicodedata.normalize("NFC", _ACCENTED.sub(r"\1", unicodedata.normalize("NFD", text))), code) for text, code in rows]


def mojibake(rows: Rows, rng: np.random.Generator) -> Rows:
    """Read the UTF-8 of the lines as an encoding with one byte a character."""
    encoding = str(rng.choice(["cp1252", "latin-1", "cp1251"]))
    return [(text.encode("utf-8", "replace").decode(encoding, "replace"), code) for text, code in rows]


def capitals(rows: Rows, rng: np.random.Generator) -> Rows:
    """Put all lines in capitals, or those of some labels."""
    chosen = "CNAFMU" if rng.random() < 0.3 else str(rng.choice(["C", "N", "NA", "F"]))
    return [(text.upper() if code in chosen else text, code) for text, code in rows]


def without_menus(rows: Rows, rng: np.random.Generator) -> Rows:
    """Drop what stands before the first line of content, or after the last one, or both."""
    body = [i for i, (_, code) in enumerate(rows) if code == "C"]
    if not body:
        return rows
    kind = int(rng.integers(3))
    return rows[body[0] if kind != 1 else 0 : body[-1] + 1 if kind != 0 else len(rows)]


def split_sentences(rows: Rows, _: np.random.Generator) -> Rows:
    """Give each sentence a line of its own."""
    return [(part, code) for text, code in rows for part in re.split(r"(?<=[.!?。！？।])\s*(?=\S)", text)]


def wrapped(rows: Rows, rng: np.random.Generator) -> Rows:
    """Break lines at about as many characters, as in plain-text mail and by old tools."""
    width = int(rng.integers(50, 100))
    return [(part, code) for text, code in rows for part in re.findall(rf"\S.{{0,{width}}}(?!\S)|\S{{{width}}}|\S+", text)]


def rows_on_one_line(rows: Rows, rng: np.random.Generator) -> Rows:
    """Join short lines of content that follow each other, as the cells of a table on one line."""
    separator = str(rng.choice([" | ", "\t", " ", ", "]))
    made: Rows = []
    for text, code in rows:
        if made and code == made[-1][1] == "C" and len(text) < 40 and len(made[-1][0]) < 120:
            made[-1] = made[-1][0] + separator + text, code
        else:
            made.append((text, code))
    return made


#: What tools and time do to a page's text.
WAYS: tuple[Callable[[Rows, np.random.Generator], Rows], ...] = (
    without_accents, mojibake, capitals, without_menus, split_sentences, wrapped, rows_on_one_line,
)  # fmt: skip
