"""Draw the evaluation: ``python -m training.report --corpus DIR``; ``make report`` calls it.

Writes ``report.json`` and ``report.html`` (figures only, to be committed) and ``report-local.html``, which holds the dev
pages line by line with what is right and wrong, and is for nobody else: their text belongs to their publishers.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import html
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

import noiseclf
from noiseclf.classifier import Favor, NoiseClassifier
from noiseclf.inspection import visible
from noiseclf.labels import LABELS
from noiseclf.page import Page
from noiseclf.site import Site
from training import charts, metrics
from training.corpus import CorpusError, LabelledPage, fingerprint, read_own, read_phrases, read_split
from training.evaluate import SHIPPED, TestSet, _breakdown, _calibration, _commit, _content, _predicted, plain
from training.metrics import SCORED

Floats = npt.NDArray[np.float64]
_FIGURES = {
    "content_line_f1": "content line F1",
    "content_char_f1": "content character F1",
    "content_char_f1_mean_of_languages": "its mean over languages",
    "macro_f1": "macro-F1 of four",
}
#: Points of a curve; shifts of content's log-odds, of which the favour settings are three.
_POINTS = 200
_SHIFTS = np.linspace(-6, 6, 97)
_SITE_PAGES = 3
_WEB = Path(__file__).parent / "web"


def measure(classifier: NoiseClassifier, pages: Sequence[LabelledPage]) -> tuple[dict[str, Any], TestSet, list[Page]]:
    """Return the figures of ``classifier`` on the dev ``pages``, the test set, and the classifier's answers to it.

    Raises:
        CorpusError: no page has labels.
    """
    test = TestSet.of(pages)
    answers = [classifier.classify(page.lines) for page in tqdm(test.labelled, "noiseclf", disable=None)]
    counts = test.count([_predicted(answer) for answer in answers])
    scores = metrics.class_scores(metrics.confusion(counts))
    found = {
        "pages": len(test.labelled),
        "lines": int(counts.lines.sum()),
        "languages": len(set(test.languages)),
        "figures": metrics.headline(counts, test.languages),
        "intervals": metrics.intervals(counts, test.languages),
        "labels": {label.value: asdict(score) for label, score in zip(LABELS, scores, strict=True)},
        "confusion": metrics.confusion(counts).tolist(),
        "curves": _curves(test, answers),
        "tradeoff": _tradeoff(test, answers),
        "favor": {favor: _favored(classifier, test, favor) for favor in get_args(Favor)},
        "calibration": _calibration(test, answers),
        "by_language": _breakdown(counts, test.languages),
        "by_source": _breakdown(counts, [page.source for page in test.labelled]),
        "site": _site(classifier, pages),
    }
    return found, test, answers


def _rows(answers: Sequence[Page]) -> Floats:
    return np.array([[line.probabilities.get(label, 0.0) for label in LABELS] for answer in answers for line in answer.lines])


def _curves(test: TestSet, answers: Sequence[Page]) -> dict[str, Any]:
    """Return precision and recall of each label against the rest, and its average precision."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    true = np.concatenate([metrics.true_labels(codes) for codes in test.codes])
    probabilities = _rows(answers)[true >= 0]
    true = true[true >= 0]
    found = {}
    for i, label in enumerate(LABELS):
        if not (true == i).any():
            continue
        precision, recall, _ = precision_recall_curve(true == i, probabilities[:, i])
        wanted = np.linspace(1, 0, _POINTS)  # recall falls along the curve
        pick = np.unique(np.searchsorted(-recall, -wanted).clip(0, len(recall) - 1))
        average = float(average_precision_score(true == i, probabilities[:, i]))
        found[label.value] = {
            "precision": precision[pick].tolist(), "recall": recall[pick].tolist(), "average_precision": average
        }  # fmt: skip
    return found


def _tradeoff(test: TestSet, answers: Sequence[Page]) -> dict[str, Any]:
    """Return precision and recall of content, by lines and by characters, as content's log-odds are shifted."""
    pages = [_rows([answer]) for answer in answers]
    points = []
    for shift in _SHIFTS:
        moved = [rows * [np.exp(shift), 1, 1, 1] for rows in pages]
        points.append(_content(test.count([rows.argmax(axis=1) for rows in moved])))
    return {
        unit: {side: [point[f"content_{unit}_{side}"] for point in points] for side in ("precision", "recall")}
        for unit in ("line", "char")
    }


def _favored(classifier: NoiseClassifier, test: TestSet, favor: Favor) -> dict[str, float]:
    return _content(test.count([_predicted(classifier.classify(page.lines, favor=favor)) for page in test.labelled]))


def _site(classifier: NoiseClassifier, pages: Sequence[LabelledPage]) -> dict[str, Any] | None:
    """Return what knowing three or more pages of a site brings on the sites that have them; None where none has."""
    by_site = defaultdict(list)
    for page in pages:
        by_site[page.domain].append(page.lines)
    known = {name: Site.of(lines) for name, lines in by_site.items() if len(lines) >= _SITE_PAGES}
    shared = [page for page in pages if page.domain in known]
    if not any(page.labels for page in shared):
        return None
    test = TestSet.of(shared)
    found: dict[str, Any] = {"pages": len(test.labelled), "gold_pages": len(test.gold)}
    for name, sites in (("alone", {}), ("site", known)):
        answers = [classifier.classify(page.lines, site=sites.get(page.domain)) for page in test.labelled]
        words = [metrics.word_f1(classifier.clean(page.lines, site=sites.get(page.domain)), page.gold) for page in test.gold]
        figures = metrics.headline(test.count([_predicted(answer) for answer in answers]), test.languages)
        found[name] = {**figures, "word_f1": float(np.mean(words)) if words else None}
    return found


def previous(out: Path, model: str) -> dict[str, Any] | None:
    """Return an earlier ``evaluation.json`` to compare ``model`` with, and as ``is`` what it is; None where git knows none.

    It is that of the last release (the nearest tag ``v*``), or where none is tagged, or its model is ``model`` itself, the last
    committed one of another model.
    """

    def git(*arguments: str) -> list[str]:
        run = subprocess.run(["git", *arguments], cwd=out, capture_output=True, text=True, check=False)
        return run.stdout.split() if run.returncode == 0 else []

    try:
        tags = [(tag, f"release {tag}") for tag in git("describe", "--tags", "--abbrev=0", "--match=v*")]
        before = "the model evaluated before, as there is no release" + (" of another model" if tags else "")
        commits = [(commit, before) for commit in git("log", "--format=%h", "--", "evaluation.json")]
        for commit, what in [*tags, *commits]:
            shown = subprocess.run(["git", "show", f"{commit}:./evaluation.json"], cwd=out, capture_output=True, check=False)
            found = _earlier(shown.stdout, what) if shown.returncode == 0 else None
            if found and found["model"] != model:
                return found
    except OSError:
        return None
    return None


def _earlier(data: bytes, what: str) -> dict[str, Any] | None:
    """Return what is compared of an ``evaluation.json``; None where it is none with a model and systems."""
    try:
        found = json.loads(data)
        if not (found.get("model") and found.get("systems")):
            return None
    except (ValueError, AttributeError):
        return None
    return {"is": what, **{key: found.get(key) for key in ("date", "commit", "model", "corpus", "pages", "lines", "systems")}}


def data_card(pages: Sequence[LabelledPage], own: Sequence[LabelledPage], phrases: int) -> dict[str, Any]:
    """Return how many pages and lines of each kind there are."""

    def part(some: Sequence[LabelledPage]) -> dict[str, Any]:
        codes = Counter(code for page in some for code in page.labels)
        return {
            "pages": len(some), "labelled": sum(bool(page.labels) for page in some), "sites": len({page.domain for page in some}),
            "languages": len({page.lang for page in some}), "lines": dict(sorted(codes.items())),
        }  # fmt: skip

    return {"dev": part(pages), "own": part(own), "phrases": phrases}


def error_pages(test: TestSet, answers: Sequence[Page]) -> list[dict[str, Any]]:
    """Return the dev pages for the error browser, their text included: for the local copy alone."""
    pages = []
    for page, codes, answer in zip(test.labelled, test.codes, answers, strict=True):
        said = "".join("-" if line.label is None else SCORED[LABELS.index(line.label)] for line in answer.lines)
        sure = [round(line.confidence, 3) for line in answer.lines]
        lines = [visible(line[:600]) for line in page.lines]
        pages.append(
            {"id": page.id, "lang": page.lang, "source": page.source, "lines": lines, "true": codes, "said": said, "sure": sure}
        )
    return pages


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


# Drawing


def render(report: Mapping[str, Any], pages: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the report, as :func:`plain` gives it, in one HTML file; ``pages`` of :func:`error_pages` make it local."""
    parts = [
        ("summary", "Summary", _summary(report)),
        ("labels", "Labels", _labels(report)),
        ("curves", "Precision and recall", _precision(report)),
        ("calibration", "Calibration", _reliability(report)),
        ("languages", "By language", _groups("language", report["by_language"])),
        ("sources", "By source", _groups("source", report["by_source"])),
        ("site", "Site mode", _site_part(report["site"])),
        ("speed", "Speed", _speed(report["bench"])),
        ("errors", "Errors", _errors(pages)),
        ("data", "Data card", _data(report["data"])),
        ("model", "Model card", _model(report)),
    ]
    shown = [(name, title, body) for name, title, body in parts if body]
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title, _ in shown)
    body = "".join(f'<section id="{name}"><h2>{title}</h2>{body}</section>\n' for name, title, body in shown)
    web = Path(noiseclf.__file__).parent / "web" / "base.css"
    style = web.read_text(encoding="utf-8") + (_WEB / "report.css").read_text(encoding="utf-8")
    script = (_WEB / "report.js").read_text(encoding="utf-8") if pages else ""
    data = json.dumps(pages, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", " ").replace("\u2029", " ")
    source = "'none'" if not pages else f"'sha256-{_digest(script)}'"
    made = (
        f"{report['date']}, commit {_e(report['commit'] or 'unknown')}, model <code>{report['model'][:12]}</code> "
        f"({report['model_bytes'] / 1e6:.1f} MB), dev pages <code>{report['corpus'][:12]}</code>: {report['pages']} labelled "
        f"pages, {report['lines']:,} scored lines, {report['languages']} languages. <code>make report</code> writes this file."
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src {source}; img-src data:; base-uri 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>noiseclf evaluation</title>\n'
        f'<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n'
        f'<header><h1>noiseclf <span class="soft">evaluation</span></h1><p class="soft">{made}</p></header>\n'
        f'<nav aria-label="Parts">{links}</nav>\n<main>\n{body}</main>\n'
        + (f'<script type="application/json" id="pages">{data}</script>\n<script>{script}</script>\n' if pages else "")
        + "</body>\n</html>\n"
    )


def _digest(text: str) -> str:
    import base64

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _e(value: object) -> str:
    return html.escape(str(value))


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    head = "".join(f'<th scope="col">{_e(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{_e(row[0])}</th>' + "".join(f"<td>{_e(cell)}</td>" for cell in row[1:]) + "</tr>" for row in rows
    )
    name = f"<caption>{_e(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{name}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _chart(svg: str, caption: str) -> str:
    return f'<figure><div class="wide">{svg}</div><figcaption>{_e(caption)}</figcaption></figure>'


def _summary(report: Mapping[str, Any]) -> str:
    parts = []
    systems = report["systems"]
    own = {"name": "noiseclf", "version": report["version"], **report["figures"], "intervals": report["intervals"]}
    rows = [own, *(row for row in systems if row["name"] != "noiseclf")]
    if report["stale"]:
        parts.append(
            '<p class="warning">reports/evaluation.json is of another model or other pages: run <code>make evaluate</code> '
            "for the peers’ figures on these.</p>"
        )
    drawn = [
        _chart(charts.systems(rows, figure, _FIGURES[figure]), f"{_FIGURES[figure]} on the same pages.")
        for figure in ("content_line_f1", "content_char_f1")
    ]
    parts.append(f'<div class="charts">{"".join(drawn)}</div>')
    table = [[f"{row['name']} {row['version'] or ''}", *(_n(row[name]) for name in _FIGURES)] for row in rows]
    parts.append(_table(["", *_FIGURES.values()], table, "noiseclf and its peers; those got the pages' HTML, noiseclf the lines"))
    last = report["previous"]
    if last:
        old = next((row for row in last["systems"] if row["name"] == "noiseclf"), None)
        if old:
            moved = [
                [text, _n(old.get(name)), _n(report["figures"][name]), f"{report['figures'][name] - old[name]:+.3f}"]
                for name, text in _FIGURES.items()
                if old.get(name) is not None and report["figures"][name] is not None
            ]
            when = f"{last['date']}, commit {last['commit']}, model {str(last['model'])[:12]}"
            parts.append(_table(["", "before", "now", "change"], moved, f"Against {last['is']} ({when})"))
            if last["corpus"] != report["corpus"]:
                parts.append(
                    f'<p class="warning">That one was measured on other dev pages ({last["pages"]} with {last["lines"]:,} lines, '
                    "<code>" + _e(str(last["corpus"])[:12]) + "</code>): the changes are not the model’s alone.</p>"
                )
    else:
        parts.append('<p class="soft">No earlier figures are given or committed to compare with.</p>')
    return "".join(parts)


def _labels(report: Mapping[str, Any]) -> str:
    scores = [
        [name, _n(s["precision"]), _n(s["recall"]), _n(s["f1"]), f"{s['support']:,}"] for name, s in report["labels"].items()
    ]
    names = list(report["labels"])
    rows = ""
    for name, row in zip(names, report["confusion"], strict=True):
        total = sum(row) or 1
        cells = "".join(
            f'<td style="--share:{count / total:.3f}" class="{"right" if name == other else "wrong"}">{count:,}'
            f"<br><small>{count / total:.1%}</small></td>"
            for other, count in zip(names, row, strict=True)
        )
        rows += f'<tr><th scope="row">{name}</th>{cells}</tr>'
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    matrix = (
        '<div class="wide"><table class="confusion"><caption>True labels in rows, predicted ones in columns, with '
        f"shares of the row</caption><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return _table(["label", "precision", "recall", "F1", "lines"], scores) + matrix


def _precision(report: Mapping[str, Any]) -> str:
    drawn = _chart(charts.curves(report["curves"]), "Each label against the rest, as the least probability varies.")
    for unit, name in (("line", "lines"), ("char", "characters")):
        caption = (
            f"Content by {name} as its log-odds are shifted; the favour settings are three such shifts (precision / recall)."
        )
        drawn += _chart(charts.tradeoff(report["tradeoff"][unit], report["favor"], unit), caption)
    return f'<div class="charts">{drawn}</div>'


def _reliability(report: Mapping[str, Any]) -> str:
    found = report["calibration"]
    rows = [[_n(row["confidence"]), _n(row["accuracy"]), f"{row['lines']:,}"] for row in found["bins"]]
    caption = f"Expected calibration error {_n(found['expected_error'])}; a dot's area grows with its lines."
    table = _table(["mean confidence", "accuracy", "lines"], rows)
    return f'<div class="charts">{_chart(charts.calibration(found["bins"]), caption)}<div>{table}</div></div>'


def _groups(kind: str, rows: Mapping[str, Any]) -> str:
    header = [kind, "pages", "lines", "content line F1", "content character F1", "macro-F1"]
    figures = ("content_line_f1", "content_char_f1", "macro_f1")
    table = [
        [name or "unknown", str(row["pages"]), f"{row['lines']:,}", *(_n(row[key]) for key in figures)]
        for name, row in rows.items()
    ]
    chart = _chart(charts.groups(kind, rows), f"Pages of each {kind} in brackets; with one or two pages a figure says little.")
    return f"{chart}<details><summary>As a table</summary>{_table(header, table)}</details>"


def _site_part(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    names = {**_FIGURES, "word_f1": "word F1 with gold texts"}
    rows = [[text, _n(found["alone"][name]), _n(found["site"][name])] for name, text in names.items()]
    note = f"{found['pages']} labelled pages ({found['gold_pages']} with a gold text) of sites with {_SITE_PAGES} pages or more"
    return _table(["", "each page alone", "as pages of a site"], rows, note)


def _speed(bench: Mapping[str, Any] | None) -> str:
    if not bench:
        return ""
    own = bench["noiseclf"]
    rates = {
        "noiseclf": own["pages a second, as they are"],
        **{name: peer["pages a second"] for name, peer in bench["peers"].items()},
    }
    rows = [[name, f"{value:,.2f}"] for name, value in own.items()]
    shown = _chart(charts.speed(rates), "From reports/bench.json; the peers parse the HTML too.") + _table(["noiseclf", ""], rows)
    for name, chart in (("lines of the page", charts.time_by_size), ("part", charts.time_by_part)):
        times = bench.get(f"microseconds a line by {name}")
        if times:
            core = "used" if bench["compiled core"] else "not there"
            shown += _chart(chart(times), f"Time a line by {name}; compiled core {core}.")
    return shown


def _errors(pages: Sequence[Mapping[str, Any]]) -> str:
    if not pages:
        return (
            "<p>The committed copy holds figures only: the pages' text belongs to their publishers. <code>make report</code> "
            "writes <code>reports/report-local.html</code> too, with each page drawn line by line.</p>"
        )
    return (
        '<form id="filters" aria-label="Lines shown"><label>Lines <select id="kind"></select></label>'
        '<label>Language <select id="lang"></select></label><label>Source <select id="source"></select></label>'
        '<label>Confidence from <input id="least" type="number" min="0" max="100" value="0"> to '
        '<input id="most" type="number" min="0" max="100" value="100"> %</label>'
        '<label><input id="context" type="checkbox" checked> with the lines around</label></form>'
        '<p id="count" role="status"></p><div id="browser"></div><button type="button" id="more">More pages</button>'
    )


def _data(card: Mapping[str, Any]) -> str:
    names = {"dev": "dev pages (measured on, never trained on)", "own": "the project's own pages (trained on)"}
    rows = [
        [text, *(f"{card[key][figure]:,}" for figure in ("pages", "labelled", "sites", "languages")),
         " ".join(f"{code} {count:,}" for code, count in card[key]["lines"].items())]
        for key, text in names.items()
    ]  # fmt: skip
    trained = card["trained"]
    return (
        "<p>Pages are lists of text lines, each labelled content, navigation, ad or comment form by reading; lines about the "
        "content (M) and visitors' words (U) are labelled but not scored. Sites are split between training and dev whole. How to "
        "label, and the format: <code>data/README.md</code>. The corpus pages' texts are their publishers' and not distributed; "
        f"the project's own pages and {card['phrases']:,} phrases were written for it.</p>"
        + _table(["", "pages", "labelled", "sites", "languages", "lines by code"], rows)
        + f"<p>The model was trained on {trained.get('pages', 0):,} pages, {trained.get('labelled', 0):,} of them labelled "
        f"line by line, and {trained.get('phrases', 0):,} phrases.</p>"
    )


def _model(report: Mapping[str, Any]) -> str:
    rows = [
        ("what it does", "tells what each line of a scraped page is, from the text alone, and how sure it is"),
        ("how", "fastText scores of each line's words, numbers of shape and place, a convolution over lines (docs/model.md)"),
        ("size", f"{report['model_bytes'] / 1e6:.1f} MB, SHA-256 {report['model'][:16]}…"),
        ("meant for", "cleaning scraped text before search, reading or training; labels are hints, not facts"),
        ("not meant for", "judging whether an ad is lawful or a comment decent; pages whose lines mix menus and prose"),
        ("weak at", "ads, which read like what informs; languages with few training pages; pages of one line"),
        ("confidence", f"calibrated on dev pages to an expected error of {_n(report['calibration']['expected_error'])}"),
        ("licence", "MIT"),
    ]
    return _table(["", ""], rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the report from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Draw the evaluation of a noiseclf model as one HTML file.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder with dev.jsonl[.gz]")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="model file; the shipped one unless said")
    parser.add_argument("--data", type=Path, default=Path("data"), help="pages and phrases of our own")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), help="folder with evaluation.json and bench.json, to write into"
    )
    parser.add_argument(
        "--previous", type=Path, help="evaluation.json to compare with; that of the last release or commit by git unless said"
    )
    arguments = parser.parse_args(argv)
    out: Path = arguments.out
    try:
        pages = read_split(arguments.corpus, "dev")
        classifier, data = noiseclf.load(arguments.model), arguments.model.read_bytes()
        found, test, answers = measure(classifier, pages)
        digest, corpus = hashlib.sha256(data).hexdigest(), fingerprint(pages)
        evaluation = _read_json(out / "evaluation.json") or {}
        stale = (evaluation.get("model"), evaluation.get("corpus")) != (digest, corpus)
        card = data_card(pages, read_own(arguments.data), len(read_phrases(arguments.data)))
        if arguments.previous:
            last = _earlier(arguments.previous.read_bytes(), str(arguments.previous))
            if last is None:
                raise CorpusError(f"{arguments.previous} is no evaluation.json with a model and its figures")
        else:
            last = previous(out, digest) if out.is_dir() else None
        report = plain({
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "commit": _commit(), "version": noiseclf.__version__, "model": digest, "model_bytes": len(data), "corpus": corpus,
            **found,
            "systems": evaluation.get("systems", []), "stale": stale, "previous": last,
            "bench": _read_json(out / "bench.json"), "data": {**card, "trained": classifier.metadata.get("corpus", {})},
        })  # fmt: skip
        texts = {
            "report.json": json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            "report.html": render(report),
            "report-local.html": render(report, error_pages(test, answers)),
        }
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / f"{name}.partial").write_bytes(text.encode("utf-8", "replace"))
            (out / f"{name}.partial").replace(out / name)
    except (CorpusError, noiseclf.ModelError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    print(f"{out / 'report.html'} (figures only)\n{out / 'report-local.html'} (with the pages, not to be passed on)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
