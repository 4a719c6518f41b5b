"""Measure a model: ``python -m training.evaluate --corpus DIR``; ``make evaluate`` calls it.

Writes ``evaluation.json`` and ``evaluation.md``: figures only, never a word of a page.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from tqdm import tqdm

import noiseclf
from noiseclf.classifier import Favor, NoiseClassifier
from noiseclf.labels import LABELS
from noiseclf.lines import normalise
from noiseclf.page import Page
from training import debris, metrics, peers
from training.corpus import CorpusError, LabelledPage, Phrase, fingerprint, read_own, read_phrases, read_split
from training.html import carried
from training.metrics import Counts, Ints

SHIPPED = Path(noiseclf.__file__).parent / "model" / "lines.noiseclf"
_PLACE = {label: i for i, label in enumerate(LABELS)}
_KEPT, _DROPPED = 0, 1
_FIGURES = ("content_line_f1", "content_char_f1", "content_char_f1_mean_of_languages", "macro_f1")


@dataclass(frozen=True)
class TestSet:
    """The pages that everything is measured on.

    Attributes:
        labelled: pages with labels.
        gold: pages with a gold text, labelled or not.
        codes: a string a labelled page: its labels, with ``-`` for lines that show nothing.
        chars: an array a labelled page: the characters of each line.
    """

    labelled: tuple[LabelledPage, ...]
    gold: tuple[LabelledPage, ...]
    codes: tuple[str, ...]
    chars: tuple[Ints, ...]

    @classmethod
    def of(cls, pages: Sequence[LabelledPage]) -> TestSet:
        """Pick the pages that can be measured on.

        Raises:
            CorpusError: no page has labels.
        """
        labelled = tuple(page for page in pages if page.labels)
        if not labelled:
            raise CorpusError("no page of the dev split has labels: give some pages 'labels', see data/README.md")
        codes = tuple(
            "".join(code if seen else "-" for code, seen in zip(page.labels, normalise(page.lines), strict=True))
            for page in labelled
        )
        chars = tuple(np.array([len(line) for line in page.lines], np.int64) for page in labelled)
        return cls(labelled, tuple(page for page in pages if page.gold), codes, chars)

    @property
    def languages(self) -> list[str]:
        """The language of each labelled page."""
        return [page.lang for page in self.labelled]

    def count(self, predicted: Sequence[Ints]) -> Counts:
        """Count what became of the labelled pages' lines; ``predicted`` as for :func:`training.metrics.count`."""
        return metrics.count(self.codes, predicted, self.chars)


def headline(classifier: NoiseClassifier, pages: Sequence[LabelledPage]) -> dict[str, float]:
    """Return the headline figures and each label's F1 on the labelled ones of ``pages``.

    Raises:
        CorpusError: no page has labels.
    """
    test = TestSet.of(pages)
    counts = test.count([_predicted(classifier.classify(page.lines)) for page in test.labelled])
    scores = metrics.class_scores(metrics.confusion(counts))
    by_label = {f"{label.value}_f1": score.f1 for label, score in zip(LABELS, scores, strict=True)}
    return {**metrics.headline(counts, test.languages), **by_label}


def evaluate(
    classifier: NoiseClassifier,
    pages: Sequence[LabelledPage],
    html: Mapping[str, bytes] | str,
    own: Sequence[LabelledPage],
    phrases: Sequence[Phrase],
) -> dict[str, Any]:
    """Return every figure of the report, as plain values.

    Args:
        classifier: what is measured.
        pages: the dev pages.
        html: their HTML by id, for the peers, or a sentence that says why there is none.
        own: the project's own pages, for the foreign-debris test.
        phrases: what is set into pages there.

    Raises:
        CorpusError: no page has labels.
    """
    test = TestSet.of(pages)
    answers = [classifier.classify(page.lines) for page in tqdm(test.labelled, "noiseclf", disable=None)]
    counts = test.count([_predicted(answer) for answer in answers])
    texts = [classifier.classify(page.lines).text for page in tqdm(test.gold, "gold pages", disable=None)]
    alone = test.count(_line_by_line(classifier, test.labelled))
    others, skipped = _peers(test, html)
    from_html = None if isinstance(html, str) else html_figures(classifier, test, html)
    if from_html is not None:
        others.insert(0, from_html.pop("system"))
    return {
        "pages": len(test.labelled),
        "lines": int(counts.lines.sum()),
        "languages": len(set(test.languages)),
        "gold_pages": len(test.gold),
        "systems": [
            _system("noiseclf", noiseclf.__version__, counts, test, word_f1=_word_f1(texts, test)),
            _system("noiseclf, each line alone", noiseclf.__version__, alone, test),
            *others,
        ],
        "skipped": skipped,
        "labels": {
            label.value: asdict(score)
            for label, score in zip(LABELS, metrics.class_scores(metrics.confusion(counts)), strict=True)
        },
        "confusion": metrics.confusion(counts).tolist(),
        "html": from_html,
        "calibration": _calibration(test, answers),
        "favor": {favor: _favor(classifier, test, favor) for favor in get_args(Favor)},
        "by_language": _breakdown(counts, test.languages),
        "by_source": _breakdown(counts, [page.source for page in test.labelled]),
        "debris": {
            "dev": _debris(debris.run(classifier, phrases, own, test.labelled)),
            "own": _debris(debris.run(classifier, phrases, own)),
        },
    }


def _predicted(answer: Page) -> Ints:
    return np.array([_KEPT if line.label is None else _PLACE[line.label] for line in answer.lines], np.int64)


def _line_by_line(classifier: NoiseClassifier, pages: Sequence[LabelledPage]) -> list[Ints]:
    """Label each line as a page of its own; lines that say the same are asked once."""
    known: dict[str, int] = {}
    for line in tqdm({line for page in pages for line in page.lines}, "lines alone", disable=None):
        known[line] = int(_predicted(classifier.classify([line]))[0])
    return [np.array([known[line] for line in page.lines], np.int64) for page in pages]


def _peers(test: TestSet, html: Mapping[str, bytes] | str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the peers' rows, and a sentence for each that had to be left out."""
    wanted = {page.id: page for page in (*test.labelled, *test.gold)}
    if isinstance(html, str):
        return [], [html]
    missing = [name for name in wanted if name not in html]
    if missing:
        return [], [f"all peers: the HTML of {len(missing)} of {len(wanted)} pages is missing from the archives"]
    absent = [peer for peer in peers.PEERS if peer.version() is None]
    skipped = [f"{peer.name}: {peer.package} is not installed (pip install 'noiseclf[peers]')" for peer in absent]
    if any(peer.package == "resiliparse" for peer in absent):
        return [], [*skipped, "all peers: resiliparse, which decodes their HTML, is not installed"]
    decoded = {name: peers.decode(html[name]) for name in wanted}
    present = [peer for peer in peers.PEERS if peer not in absent]
    return [_peer(peer, test, wanted, decoded) for peer in present], skipped


def html_figures(classifier: NoiseClassifier, test: TestSet, html: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Return noiseclf's own figures from the pages' HTML; None where the model or the extra for it is not there.

    The lines that it reads there get the labels of the corpus's lines; what cannot be carried over is not scored.
    """
    if any(page.id not in html for page in (*test.labelled, *test.gold)) or "html" not in classifier.metadata:
        return None
    codes, chars, predicted = [], [], []
    for page in tqdm(test.labelled, "noiseclf, HTML", disable=None):
        lines = [line for line in classifier.classify_html(html[page.id]).lines if line.label is not None]
        codes.append(carried(page.lines, page.labels, [line.text for line in lines]))
        chars.append(np.array([len(line.text) for line in lines], np.int64))
        predicted.append(np.array([_PLACE[line.label] for line in lines if line.label is not None], np.int64))
    texts = [classifier.clean_html(html[page.id]) for page in tqdm(test.gold, "gold pages, HTML", disable=None)]
    counts = metrics.count(codes, predicted, chars)
    scores = metrics.class_scores(metrics.confusion(counts))
    everything = "".join(codes)
    return {
        "system": _system("noiseclf, from HTML", noiseclf.__version__, counts, test, word_f1=_word_f1(texts, test)),
        "lines": len(everything),
        "aligned": 1 - everything.count("-") / len(everything) if everything else math.nan,
        "labels": {label.value: asdict(score) for label, score in zip(LABELS, scores, strict=True)},
        "confusion": metrics.confusion(counts).tolist(),
        "word_f1_by_source": _word_f1_by_source(texts, test),
    }


def _word_f1_by_source(texts: Sequence[str], test: TestSet) -> dict[str, dict[str, float]]:
    found: dict[str, list[float]] = {}
    for text, page in zip(texts, test.gold, strict=True):
        found.setdefault(page.source, []).append(metrics.word_f1(text, page.gold))
    return {source: {"pages": len(scores), "word_f1": sum(scores) / len(scores)} for source, scores in sorted(found.items())}


def _peer(peer: peers.Peer, test: TestSet, wanted: Mapping[str, LabelledPage], decoded: Mapping[str, str]) -> dict[str, Any]:
    found = {name: peer.run(decoded[name], page.lang) for name, page in tqdm(wanted.items(), peer.name, disable=None)}
    kept = [peers.kept_lines(page.lines, found[page.id] or "") for page in test.labelled]
    counts = test.count([np.where(row, _KEPT, _DROPPED) for row in kept])
    score = _word_f1([found[page.id] or "" for page in test.gold], test)
    raised = sum(text is None for text in found.values())
    row = _system(peer.name, peer.version(), counts, test, word_f1=score, raised=raised)
    return {**row, "macro_f1": None, "intervals": {**row["intervals"], "macro_f1": None}}


def _system(
    name: str, version: str | None, counts: Counts, test: TestSet, *, word_f1: float | None = None, raised: int = 0
) -> dict[str, Any]:
    """Return a row of the headline table."""
    return {
        "name": name,
        "version": version,
        **metrics.headline(counts, test.languages),
        "intervals": metrics.intervals(counts, test.languages),
        **_content(counts),
        "word_f1": word_f1,
        "raised": raised,
    }


def _content(counts: Counts) -> dict[str, float]:
    lines, chars = counts.lines.sum(axis=0), counts.chars.sum(axis=0)
    return {
        "content_line_precision": float(metrics.content_precision(lines)),
        "content_line_recall": float(metrics.content_recall(lines)),
        "content_char_precision": float(metrics.content_precision(chars)),
        "content_char_recall": float(metrics.content_recall(chars)),
    }


def _word_f1(texts: Sequence[str], test: TestSet) -> float | None:
    scores = [metrics.word_f1(text, page.gold) for text, page in zip(texts, test.gold, strict=True)]
    return sum(scores) / len(scores) if scores else None


def _calibration(test: TestSet, answers: Sequence[Page]) -> dict[str, Any]:
    true = np.concatenate([metrics.true_labels(codes) for codes in test.codes])
    predicted = np.concatenate([_predicted(answer) for answer in answers])
    confidence = np.array([line.confidence for answer in answers for line in answer.lines])
    scored = true >= 0
    rows = metrics.reliability(predicted[scored] == true[scored], confidence[scored])
    return {"expected_error": metrics.calibration_error(rows), "bins": [asdict(row) for row in rows]}


def _favor(classifier: NoiseClassifier, test: TestSet, favor: Favor) -> dict[str, float]:
    answers = (classifier.classify(page.lines, favor=favor) for page in tqdm(test.labelled, favor, disable=None))
    return _content(test.count([_predicted(answer) for answer in answers]))


def _breakdown(counts: Counts, groups: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return pages, scored lines and figures of each group of pages, by name."""
    rows = {}
    for name in sorted(set(groups)):
        here = np.array([group == name for group in groups])
        figures = metrics.headline(counts.pick(here), [name] * int(here.sum()))
        del figures["content_char_f1_mean_of_languages"]
        rows[name] = {"pages": int(here.sum()), "lines": int(counts.lines[here].sum()), **figures}
    return rows


def _debris(found: Mapping[tuple[str, str], debris.Tally]) -> dict[str, Any]:
    """Return the shares of each kind of debris overall, and of each language."""

    def shares(tallies: Sequence[debris.Tally]) -> dict[str, float]:
        total = sum(tallies, debris.Tally())
        return {
            "lines": total.lines,
            "noise": total.noise / total.lines if total.lines else math.nan,
            "right_label": total.right / total.lines if total.lines else math.nan,
            "content_lost": total.lost / total.kept if total.kept else math.nan,
        }

    kinds = {"F": "comment_form", "N": "navigation"}
    return {
        "overall": {kind: shares([t for key, t in found.items() if key[1] == code]) for code, kind in kinds.items()},
        "by_language": {
            lang: {kind: shares([found[lang, code]]) for code, kind in kinds.items() if (lang, code) in found}
            for lang in sorted({lang for lang, _ in found})
        },
    }


def plain(value: Any) -> Any:
    """Return ``value`` ready for JSON: numbers to four places, nan as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def render(report: Mapping[str, Any]) -> str:
    """Return the report, as :func:`plain` gives it, in Markdown."""
    parts = [
        "# Evaluation",
        f"{report['date']}, commit {report['commit'] or 'unknown'}, model `{report['model'][:12]}` "
        f"({report['model_bytes'] / 1e6:.1f} MB), dev pages `{report['corpus'][:12]}`: {report['pages']} labelled pages "
        f"with {report['lines']:,} scored lines in {report['languages']} languages. `make evaluate` writes this file.",
        _render_headline(report),
        "## Labels\n\n" + _render_labels(report),
        *([_render_html(report["html"])] if report.get("html") else []),
        "## Presets\n\nContent kept by each `favor`.\n\n" + _render_favor(report["favor"]),
        "## Calibration\n\n" + _render_calibration(report["calibration"]),
        "## By language\n\n" + _render_breakdown("language", report["by_language"]),
        "## By source\n\n" + _render_breakdown("source", report["by_source"]),
        _render_debris(report["debris"]),
    ]
    return "\n\n".join(parts) + "\n"


def _render_headline(report: Mapping[str, Any]) -> str:
    header = [
        "", "content line F1", "content character F1", "its mean over languages", "macro-F1 of four", "precision",
        "recall", "word F1", "raised",
    ]  # fmt: skip
    rows = []
    for row in report["systems"]:
        figures = [_with_interval(row[name], row["intervals"][name]) for name in _FIGURES]
        others = ("content_line_precision", "content_line_recall", "word_f1")
        name = f"{row['name']} {row['version']}"
        rows.append([name, *figures, *(_number(row[other]) for other in others), str(row["raised"])])
    notes = [
        "noiseclf sees the lines alone unless HTML is said, the peers get the HTML of the same pages; their text is aligned "
        "with the lines "
        "(`training/peers.py`). In brackets: 95% by bootstrap over pages. Precision and recall are of content lines. "
        f"Word F1 is WCXB's, the mean over the {report['gold_pages']} dev pages with a gold text. Raised: pages on "
        "which a peer raised an error; it has kept nothing there. Visitors' comments are not scored, except that gold "
        "texts lack them; the peers are asked to leave them out, noiseclf keeps them as content.",
        *(f"Left out: {sentence}." for sentence in report["skipped"]),
    ]
    return "\n\n".join([_table(header, rows), *notes])


def _render_labels(report: Mapping[str, Any]) -> str:
    scores = [
        [name, *(_number(score[key]) for key in ("precision", "recall", "f1")), f"{score['support']:,}"]
        for name, score in report["labels"].items()
    ]
    names = list(report["labels"])
    matrix = [[name, *(f"{n:,}" for n in row)] for name, row in zip(names, report["confusion"], strict=True)]
    first = _table(["label", "precision", "recall", "F1", "lines"], scores)
    return f"{first}\n\nTrue labels in rows, predicted ones in columns:\n\n{_table(['', *names], matrix)}"


def _render_html(found: Mapping[str, Any]) -> str:
    sources = [[name, str(row["pages"]), _number(row["word_f1"])] for name, row in found["word_f1_by_source"].items()]
    return "\n\n".join([
        "## From HTML",
        f"Lines that noiseclf reads in the labelled pages' HTML: {found['lines']:,}, of which {found['aligned']:.1%} have the "
        "label of a line of the corpus; the others are not scored.",
        _render_labels(found),
        "Word F1 against gold texts, by source:",
        _table(["source", "pages", "word F1"], sources),
    ])  # fmt: skip


def _render_favor(favors: Mapping[str, Any]) -> str:
    keys = ("content_line_precision", "content_line_recall", "content_char_precision", "content_char_recall")
    header = ["favor", "precision, lines", "recall, lines", "precision, characters", "recall, characters"]
    return _table(header, [[name, *(_number(row[key]) for key in keys)] for name, row in favors.items()])


def _render_calibration(calibration: Mapping[str, Any]) -> str:
    rows = [[_number(row["confidence"]), _number(row["accuracy"]), f"{row['lines']:,}"] for row in calibration["bins"]]
    return f"Expected calibration error {_number(calibration['expected_error'])} (15 bins of equal width).\n\n" + _table(
        ["mean confidence", "accuracy", "lines"], rows
    )


def _render_breakdown(name: str, groups: Mapping[str, Any]) -> str:
    keys = ("content_line_f1", "content_char_f1", "macro_f1")
    rows = [
        [group or "unknown", str(row["pages"]), f"{row['lines']:,}", *(_number(row[key]) for key in keys)]
        for group, row in groups.items()
    ]
    return _table([name, "pages", "lines", "content line F1", "content character F1", "macro-F1"], rows)


def _render_debris(found: Mapping[str, Any]) -> str:
    header = ["pages", "debris", "lines set in", "seen as noise", "right label", "content lost"]
    names = {"dev": "dev pages, never trained on", "own": "the project's own pages, trained on"}
    overall = [[names[pages], kind, *_debris_row(row)] for pages, part in found.items() for kind, row in part["overall"].items()]
    rows = [[lang, kind, *_debris_row(row)] for lang, kinds in found["dev"]["by_language"].items() for kind, row in kinds.items()]
    return "\n\n".join([
        "## Foreign debris",
        f"Phrases that were never trained on as phrases, set into up to {debris.HOSTS} pages of other languages each: "
        "comment-form phrases after the body, navigation phrases before and after it. Content lost is the share of the "
        "pages' content lines that are kept without the debris and not with it.",
        _table(header, overall),
        "By the debris' language, in dev pages:",
        _table(["language", *header[1:]], rows),
    ])  # fmt: skip


def _debris_row(row: Mapping[str, Any]) -> list[str]:
    return [f"{row['lines']:,}", *(_number(row[key]) for key in ("noise", "right_label", "content_lost"))]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None or interval is None:
        return "–"
    return f"{value:.3f} ({_number(interval[0])}–{_number(interval[1])})"


def write(report: Mapping[str, Any], out: Path) -> None:
    """Write ``evaluation.json`` and ``evaluation.md`` into the folder ``out``, both whole or neither."""
    values = plain(report)
    texts = {
        "evaluation.json": json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        "evaluation.md": render(values),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / f"{name}.partial").write_text(text, encoding="utf-8", newline="\n")
    for name in texts:
        (out / f"{name}.partial").replace(out / name)


def _commit() -> str | None:
    """Return the commit of this code, with ``+changes`` where files differ from it; None outside a git repository."""
    folder = Path(__file__).parent
    try:
        run = [
            subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
            for arguments in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return run[0] + ("+changes" if run[1] else "")


def _html(corpus: Path) -> dict[str, bytes] | str:
    try:
        return peers.read_html(corpus, "dev")
    except CorpusError as error:
        return f"all peers: {error}"


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure a noiseclf model and its peers.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder with dev.jsonl[.gz], html-dev.tar.xz if any")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="model file; the shipped one unless said")
    parser.add_argument("--data", type=Path, default=Path("data"), help="pages and phrases of our own")
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder to write the report into")
    arguments = parser.parse_args(argv)
    try:
        pages = read_split(arguments.corpus, "dev")
        own, phrases = read_own(arguments.data), read_phrases(arguments.data)
        classifier, data = noiseclf.load(arguments.model), arguments.model.read_bytes()
        report = {
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "commit": _commit(),
            "model": hashlib.sha256(data).hexdigest(),
            "model_bytes": len(data),
            "corpus": fingerprint(pages),
            **evaluate(classifier, pages, _html(arguments.corpus), own, phrases),
        }
        write(report, arguments.out)
    except (CorpusError, noiseclf.ModelError, OSError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print(arguments.out / "evaluation.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
