"""Score the classifier and the peers on dev pages: ``python -m training.evaluate``; ``make evaluate`` calls it.

Only pages labelled line by line are scored; the classifier sees their lines alone, the peers their HTML.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import noiseclf
from noiseclf.classifier import Favor
from training import debris, metrics, peers
from training.corpus import CorpusError, LabelledPage, fingerprint, read_own, read_phrases, read_split
from training.metrics import Counts, Ints

_FAVORS: tuple[Favor, ...] = ("precision", "balanced", "recall")
_NAMES = {
    "content_line_f1": "content line F1", "content_char_f1": "content character F1",
    "content_char_f1_mean_of_languages": "character F1, mean of languages", "macro_f1": "macro-F1 of four",
}  # fmt: skip


def predict(classifier: noiseclf.NoiseClassifier, page: LabelledPage, favor: Favor = "balanced") -> Ints:
    """Return the index of each line's label; blank lines count as navigation."""
    order = list(noiseclf.LABELS)
    found = [line.label for line in classifier.classify(page.lines, favor=favor).lines]
    return np.array([1 if label is None else order.index(label) for label in found])


def predict_alone(classifier: noiseclf.NoiseClassifier, page: LabelledPage) -> Ints:
    """Return the index of each line's label when each line is a page of its own."""
    order = list(noiseclf.LABELS)
    found = [classifier.classify([line]).lines[0].label for line in page.lines]
    return np.array([1 if label is None else order.index(label) for label in found])


def tally(pages: Sequence[LabelledPage], predicted: Sequence[Ints]) -> Counts:
    """Count the scored lines of labelled ``pages``."""
    return metrics.count([p.labels for p in pages], predicted, [np.array([len(x) for x in p.lines]) for p in pages])


def headline(classifier: noiseclf.NoiseClassifier, pages: Sequence[LabelledPage]) -> dict[str, float]:
    """Return the headline figures and each label's F1 on the labelled ones of ``pages``."""
    labelled = [page for page in pages if page.labels]
    counts = tally(labelled, [predict(classifier, page) for page in labelled])
    scores = metrics.class_scores(metrics.confusion(counts))
    by_label = {f"{label.value}_f1": score.f1 for label, score in zip(noiseclf.LABELS, scores, strict=True)}
    return {**metrics.headline(counts, [page.lang for page in labelled]), **by_label}


def evaluate(classifier: noiseclf.NoiseClassifier, corpus: Path, data: Path) -> dict[str, Any]:
    """Return everything the report says, as plain values.

    Raises:
        CorpusError: the dev pages cannot be read, or none is labelled.
    """
    dev = read_split(corpus, "dev")
    pages = [page for page in dev if page.labels]
    if not pages:
        raise CorpusError(f"{corpus} has no labelled dev page: label some, see data/README.md")
    languages = [page.lang for page in pages]
    predicted = [predict(classifier, page) for page in tqdm(pages, "pages", disable=None)]
    counts = tally(pages, predicted)
    matrix = metrics.confusion(counts)
    alone = tally(pages, [predict_alone(classifier, page) for page in tqdm(pages, "lines alone", disable=None)])
    favors = {favor: tally(pages, [predict(classifier, page, favor) for page in pages]) for favor in _FAVORS}
    correct, confidence = _confidences(classifier, pages)
    bins = metrics.reliability(correct, confidence)
    labels = [label.value for label in noiseclf.LABELS]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "commit": _commit(),
        "corpus": fingerprint(dev),
        "model_corpus": classifier.metadata.get("corpus"),
        "pages": len(pages),
        "lines": int(matrix.sum()),
        "headline": metrics.headline(counts, languages),
        "intervals": metrics.intervals(counts, languages),
        "labels": dict(zip(labels, [asdict(s) for s in metrics.class_scores(matrix)], strict=True)),
        "confusion": matrix.tolist(),
        "line_alone_macro_f1": float(metrics.macro_f1(metrics.confusion(alone))),
        "favor": {
            favor: {
                "content_precision": float(metrics.content_precision(metrics.confusion(c))),
                "content_recall": float(metrics.content_recall(metrics.confusion(c))),
            }
            for favor, c in favors.items()
        },
        "calibration": {"error": metrics.calibration_error(bins), "bins": [asdict(row) for row in bins]},
        "languages": _groups(counts, languages),
        "sources": _groups(counts, [page.source for page in pages]),
        "word_f1": _word_f1(classifier, pages),
        "peers": _peers(corpus, pages),
        "debris": _debris(classifier, data),
    }


def _confidences(
    classifier: noiseclf.NoiseClassifier, pages: Sequence[LabelledPage]
) -> tuple[Any, metrics.Floats]:
    rows = []
    for page in pages:
        for line, true in zip(classifier.classify(page.lines).lines, metrics.true_labels(page.labels), strict=True):
            if true >= 0 and line.label is not None:
                rows.append((line.label is noiseclf.LABELS[true], line.confidence))
    return np.array([right for right, _ in rows]), np.array([share for _, share in rows])


def _groups(counts: Counts, groups: Sequence[str]) -> dict[str, dict[str, float]]:
    found = {}
    for name in sorted(set(groups)):
        part = counts.pick(np.array([group == name for group in groups]))
        matrix = metrics.confusion(part)
        found[name] = {
            "pages": len(part.lines),
            "content_line_f1": float(metrics.content_f1(matrix)),
            "content_char_f1": float(metrics.content_f1(part.chars.sum(axis=0))),
            "macro_f1": float(metrics.macro_f1(matrix)),
            **{
                f"{label.value}_f1": score.f1
                for label, score in zip(noiseclf.LABELS, metrics.class_scores(matrix), strict=True)
            },
        }
    return found


def _word_f1(classifier: noiseclf.NoiseClassifier, pages: Sequence[LabelledPage]) -> dict[str, float]:
    scores = [metrics.word_f1(classifier.clean(page.lines), page.gold) for page in pages if page.gold]
    return {"pages": len(scores), "mean": float(np.mean(scores)) if scores else float("nan")}


def _peers(corpus: Path, pages: Sequence[LabelledPage]) -> dict[str, Any]:
    try:
        html = peers.read_html(corpus, "dev")
    except CorpusError as error:
        return {"note": str(error)}
    found: dict[str, Any] = {}
    common = [page for page in pages if page.id in html]
    for peer in peers.PEERS:
        version = peer.version()
        if version is None:
            found[peer.name] = {"note": f"{peer.package} is not installed: pip install 'noiseclf[peers]'"}
            continue
        predicted, failed = [], 0
        for page in tqdm(common, peer.name, disable=None):
            text = peer.run(peers.decode(html[page.id]), page.lang)
            failed += text is None
            predicted.append(np.where(peers.kept_lines(page.lines, text or ""), 0, 1))
        figures = metrics.headline(tally(common, predicted), [page.lang for page in common])
        del figures["macro_f1"]
        found[peer.name] = {"version": version, "pages": len(common), "failed": failed, **figures}
    return found


def _debris(classifier: noiseclf.NoiseClassifier, data: Path) -> dict[str, Any]:
    found = debris.run(classifier, read_phrases(data), read_own(data))
    total = sum(found.values(), debris.Tally())

    def shares(t: debris.Tally) -> dict[str, float]:
        return {"lines": t.lines, "noise": t.noise / t.lines, "right": t.right / t.lines, "lost": t.lost / max(t.kept, 1)}

    return {
        "languages": len({lang for lang, _ in found}),
        "all": shares(total),
        "by_language": {f"{lang} {code}": shares(t) for (lang, code), t in sorted(found.items())},
    }


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def markdown(report: dict[str, Any]) -> str:
    """Return the report as Markdown, the headline first."""
    names = list(_NAMES)
    out = [
        "# Evaluation",
        "",
        f"{report['date']}, commit {report['commit']}, {report['pages']} dev pages, {report['lines']:,} scored lines. "
        "No site of them is in training. noiseclf saw the lines alone, the peers the pages' HTML.",
        "",
        "| | " + " | ".join(_NAMES.values()) + " |",
        "|---|" + "---|" * len(names),
    ]
    cells = [f"{report['headline'][n]:.3f} ({report['intervals'][n][0]:.3f}-{report['intervals'][n][1]:.3f})" for n in names]
    out.append("| **noiseclf** (95% interval) | " + " | ".join(cells) + " |")
    for name, row in report["peers"].items():
        if isinstance(row, str) or "note" in row:
            out.append(f"| {name} | {row if isinstance(row, str) else row['note']} | | | |")
        else:
            cells = [f"{row[n]:.3f}" if n in row else "-" for n in names]
            failed = f", failed on {row['failed']}" if row["failed"] else ""
            out.append(f"| {name} {row['version']}{failed} | " + " | ".join(cells) + " |")
    out += ["", "| label | precision | recall | F1 | lines |", "|---|---|---|---|---|"]
    for label, row in report["labels"].items():
        out.append(f"| {label} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |")
    out += ["", "| true \\ said | " + " | ".join(report["labels"]) + " |", "|---|---|---|---|---|"]
    for label, cells in zip(report["labels"], report["confusion"], strict=True):
        out.append(f"| {label} | " + " | ".join(map(str, cells)) + " |")
    out += [
        "",
        f"Each line alone, without its neighbours: macro-F1 {report['line_alone_macro_f1']:.3f}. "
        f"Expected calibration error {report['calibration']['error']:.3f}. "
        f"WCXB word-F1 of the kept text against the gold text: {report['word_f1']['mean']:.3f} "
        f"({report['word_f1']['pages']} pages).",
        "",
        "| favor | content precision | content recall |",
        "|---|---|---|",
    ]
    for favor, row in report["favor"].items():
        out.append(f"| {favor} | {row['content_precision']:.3f} | {row['content_recall']:.3f} |")
    d = report["debris"]
    out += [
        "",
        f"Foreign debris: held-out form and navigation phrases of {d['languages']} languages set into pages of another: "
        f"{d['all']['noise']:.1%} recognised as noise, {d['all']['right']:.1%} with the right label, "
        f"{d['all']['lost']:.2%} of the page's kept content lost.",
    ]
    for title in ("languages", "sources"):
        out += ["", f"| {title} | pages | line F1 | character F1 | macro-F1 |", "|---|---|---|---|---|"]
        for name, row in sorted(report[title].items(), key=lambda item: -item[1]["pages"]):
            figures = " | ".join(f"{row[key]:.3f}" for key in ("content_line_f1", "content_char_f1", "macro_f1"))
            out.append(f"| {name} | {row['pages']} | {figures} |")
    return "\n".join(out) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Score a model, and the peers, on dev pages.")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"), help="folder with dev.jsonl[.gz]")
    parser.add_argument("--data", type=Path, default=Path("data"), help="our own pages and phrases, for the debris test")
    parser.add_argument("--model", type=Path, help="a model file; the shipped one unless given")
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder of evaluation.json and evaluation.md")
    arguments = parser.parse_args(argv)
    try:
        report = evaluate(noiseclf.load(arguments.model), arguments.corpus, arguments.data)
    except (CorpusError, noiseclf.ModelError, OSError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = markdown(report)
    for name, content in (("evaluation.json", json.dumps(report, indent=1) + "\n"), ("evaluation.md", text)):
        partial = arguments.out / f".{name}.partial"
        partial.write_text(content, encoding="utf-8")
        partial.replace(arguments.out / name)
    print(text[: text.index("\n\nEach line alone")])
    return 0


if __name__ == "__main__":
    sys.exit(main())
