"""The report: figures of a model whose answers are known, written whole, without a word of a page."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from noiseclf.classifier import NoiseClassifier
from training.corpus import read_split
from training.evaluate import headline, main

# The small model calls CONTENT, NAVIGATION, AD and COMMENT_FORM what they are. The second page says otherwise of its
# last line: a content line that the model takes for an ad.
PAGES = [
    {"id": "a", "lang": "en", "source": "one", "lines": [NAVIGATION, CONTENT, COMMENT_FORM], "labels": "NCF", "gold": CONTENT},
    {"id": "b", "lang": "pl", "source": "two", "lines": [CONTENT, AD, AD], "labels": "CAC"},
    {"id": "c", "lang": "pl", "source": "two", "lines": [CONTENT]},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "dev.jsonl").write_text("".join(json.dumps(page) + "\n" for page in PAGES), encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "phrases").mkdir(parents=True)
    (folder / "phrases" / "en.tsv").write_text("label\tkind\tphrase\nF\tform_field\tYour comment *\nN\tmenu\tNext »\n")
    for lang in ("en", "de"):
        (folder / "pages" / lang).mkdir(parents=True)
        (folder / "pages" / lang / "ferry.tsv").write_text(f"N\t{NAVIGATION}\nC\t{CONTENT}\n")
    return folder


def run(corpus: Path, data: Path, model: Path, out: Path) -> int:
    return main(["--corpus", str(corpus), "--data", str(data), "--model", str(model), "--out", str(out)])


def test_the_headline_counts_the_labelled_pages_alone(tiny: NoiseClassifier, corpus: Path) -> None:
    figures = headline(tiny, read_split(corpus, "dev"))
    right, missed = 2 * len(CONTENT), len(AD)
    assert figures["content_line_f1"] == pytest.approx(2 * 2 / (2 + 3))
    assert figures["content_char_f1"] == pytest.approx(2 * right / (2 * right + missed))
    pl = 2 * len(CONTENT) / (2 * len(CONTENT) + missed)
    assert figures["content_char_f1_mean_of_languages"] == pytest.approx((1 + pl) / 2)
    assert figures["ad_f1"] == pytest.approx(2 / 3)
    assert figures["macro_f1"] == pytest.approx((4 / 5 + 1 + 2 / 3 + 1) / 4)


def test_the_report_is_written_as_json_and_markdown(corpus: Path, data: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "reports"
    assert run(corpus, data, tiny_model, out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["evaluation.json", "evaluation.md"]
    report = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert (report["pages"], report["lines"]) == (2, 6)
    assert report["confusion"] == [[2, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert report["labels"]["content"]["recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert set(report["favor"]) == {"precision", "balanced", "recall"}
    text = (out / "evaluation.md").read_text(encoding="utf-8")
    assert text.startswith("# Evaluation\n")
    assert "| content | 1.000 | 0.667 | 0.800 | 3 |" in text


def test_the_report_holds_no_word_of_a_page(corpus: Path, data: Path, tiny_model: Path, tmp_path: Path) -> None:
    run(corpus, data, tiny_model, tmp_path)
    for name in ("evaluation.json", "evaluation.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not any(line in text for line in (CONTENT, NAVIGATION, AD, COMMENT_FORM, "harbour", "Your comment"))


def test_peers_are_left_out_with_a_note_where_there_is_no_html(
    corpus: Path, data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    assert run(corpus, data, tiny_model, tmp_path) == 0
    assert "has no html-dev*.tar.xz" in (tmp_path / "evaluation.json").read_text(encoding="utf-8")
    assert "has no html-dev*.tar.xz" in (tmp_path / "evaluation.md").read_text(encoding="utf-8")


def test_peers_are_scored_on_the_same_pages(corpus: Path, data: Path, tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    pytest.importorskip("resiliparse")
    with tarfile.open(corpus / "html-dev.tar.xz", "w:xz") as archive:
        for page in PAGES:
            html = "".join(f"<p>{line}</p>" for line in page["lines"]).encode()
            info = tarfile.TarInfo(f"{page['id']}.html")
            info.size = len(html)
            archive.addfile(info, io.BytesIO(html))
    assert run(corpus, data, tiny_model, tmp_path) == 0
    assert "| trafilatura " in (tmp_path / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", ["corpus", "labels", "data", "model"])
def test_what_cannot_be_measured_is_said_and_nothing_is_written(
    corpus: Path, data: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    out = tmp_path / "reports"
    if fault == "corpus":
        (corpus / "dev.jsonl").unlink()
    elif fault == "labels":
        (corpus / "dev.jsonl").write_text(json.dumps(PAGES[2]))
    elif fault == "data":
        (data / "phrases" / "en.tsv").write_text("")
    else:
        tiny_model = corpus / "absent.noiseclf"
    assert run(corpus, data, tiny_model, out) == 2
    assert capsys.readouterr().err.startswith("evaluate: ")
    assert not out.exists()
