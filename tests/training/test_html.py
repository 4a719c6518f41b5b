"""Labels carried from the corpus's lines to those of the HTML, and a miniature training run."""

from __future__ import annotations

import pytest

pytest.importorskip("selectolax")
from joblib import Memory

from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from training import html, scorers
from training.bags import Shape
from training.corpus import LabelledPage
from training.network import Settings, Words
from training.train import fit

MENU = ("Home", "News", "Sport", "Weather")
SMALL = {**html.SCORER_SETTINGS, "bucket": 2000, "minCount": 1}


def page(i: int, *, gold: bool = False) -> tuple[LabelledPage, bytes]:
    body = [f"The ferry number {i} was late on day {n} of the week, the harbour master of the island said." for n in range(5)]
    form, ad = f"Leave a reply to story {i}", f"Buy now and save {i} euros"
    lines = (*MENU, *body, ad, form)
    codes = "NNNN" + "C" * 5 + "AF"
    markup = "<ul class=menu>" + "".join(f"<li><a href=/>{item}</a>" for item in MENU) + "</ul>"
    markup += "<main>" + "".join(f"<p>{line}</p>" for line in body) + "</main>"
    markup += f"<div class=advert>{ad}</div><form class=reply><p>{form}</form>"
    known = {"gold": "\n".join(body)} if gold else {"labels": codes}
    return LabelledPage(f"page{i}", f"site{i}", "en", "own", lines, **known), markup.encode()


@pytest.mark.parametrize(
    ("source", "codes", "lines", "expected"),
    [
        (["Home", "The body."], "NC", ["Home", "The body."], "NC"),
        (["Home", "The  BODY."], "NC", ["the body!"], "C"),
        (["Home News Sport"], "N", ["Home", "News", "Sport"], "NNN"),
        (["The body,", "in two parts", "Home"], "CCN", ["The body, in two parts", "Home"], "CN"),
        (["Home", "Buy"], "NA", ["Something else", "Buy"], "-A"),
        (["a", "a", "a"], "NCN", ["a", "a", "a"], "NCN"),
        ([], "", ["a"], "-"),
        (["a"], "C", [], ""),
    ],
)
def test_codes_follow_the_words(source: list[str], codes: str, lines: list[str], expected: str) -> None:
    assert html.carried(source, codes, lines) == expected


def test_gold_marks_say_what_is_in_the_gold_text() -> None:
    lines = ["Home", "The ferry was late again.", "–"]
    assert html.gold_marks(lines, "The ferry was late again.") == "01?"


def test_pages_without_html_or_knowledge_are_left_out() -> None:
    labelled, data = page(1)
    plain = LabelledPage("plain", "plain", "en", "own", ("a",))
    empty = LabelledPage("empty", "empty", "en", "own", ("a",), "C")
    known = [labelled, plain, empty, page(2)[0]]
    made = html.html_pages(known, [("page1", data), ("plain", b"<p>a"), ("empty", b"")])
    assert [p.id for p in made] == ["page1"]
    assert made[0].labels == labelled.labels


def test_a_trained_part_labels_other_pages() -> None:
    pairs = [page(i, gold=i % 4 == 0) for i in range(24)]
    pages = html.html_pages([p for p, _ in pairs], [(p.id, data) for p, data in pairs])
    settings = Settings(channels=16, epochs=12, lines=200)

    def trained() -> Artefact:
        return fit(
            [p for p, _ in pairs], [], Memory(None), html_pages=pages, html_settings=settings, html_scorer_settings=SMALL,
            shape=Shape(words=500, buckets=2000), words=Words(dimensions=8, rate=1e-2), settings=settings,
        )  # fmt: skip

    model = trained()
    assert model.to_bytes() == trained().to_bytes()
    assert model.metadata["html"]["labelled"] == 18
    other, data = page(99)
    labels = [line.label for line in from_bytes(model.to_bytes()).classify_html(data).lines if line.label]
    right = sum(label.value[0] == code.lower() for label, code in zip(labels, other.labels.replace("F", "c"), strict=True))
    assert right >= 9
    assert model.metadata["html"]["scorer_labels"] == list(scorers.SCORER_LABELS)
