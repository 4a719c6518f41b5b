import json
import subprocess

import numpy as np
import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from training import report

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def drawn(tiny_model, tmp_path_factory):
    """The folder of a report on a few pages, by its own command line."""
    folder = tmp_path_factory.mktemp("report")
    lines = [NAVIGATION, "", CONTENT, AD, COMMENT_FORM, HOSTILE, "The ferry was late on the island."]
    common = {"source": "made", "lines": lines, "gold": CONTENT}
    pages = [
        {**common, "id": f"page-{i}", "domain": "3.example" if i == 3 else "site.example", "lang": lang, "labels": labels}
        for i, (lang, labels) in enumerate((("en", "NNCAFNC"), ("de", "NNCAFNN"), ("de", "NNCAFNN"), ("ar", "NNCAFNN")))
    ]
    (folder / "dev.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    (folder / "data/pages/en").mkdir(parents=True)
    (folder / "data/phrases").mkdir()
    (folder / "data/pages/en/a.tsv").write_text(f"C\t{CONTENT}\nN\t{NAVIGATION}\n")
    (folder / "data/phrases/en.tsv").write_text("label\tkind\tphrase\nN\tmenu\tHome\n")
    arguments = ["--corpus", folder, "--model", tiny_model, "--data", folder / "data", "--out", folder / "out"]
    assert report.main([str(a) for a in arguments]) == 0
    return folder / "out"


def test_the_figures_are_those_of_the_answers(drawn):
    found = json.loads((drawn / "report.json").read_text())
    matrix = np.array(found["confusion"])
    assert (found["pages"], found["lines"], matrix.sum()) == (4, 24, 24)
    assert found["figures"]["content_line_f1"] == pytest.approx(
        2 * matrix[0, 0] / (matrix[0].sum() + matrix[:, 0].sum()), abs=1e-4
    )
    middle = len(found["tradeoff"]["line"]["recall"]) // 2
    assert found["tradeoff"]["line"]["recall"][middle] == found["favor"]["balanced"]["content_line_recall"]
    assert found["favor"]["recall"]["content_line_recall"] >= found["favor"]["precision"]["content_line_recall"]
    assert found["site"]["pages"] == 3
    assert found["data"]["dev"]["lines"] == {"A": 4, "C": 5, "F": 4, "N": 15}
    assert found["systems"] == [] and found["stale"]


def test_the_copy_to_be_committed_holds_no_word_of_a_page(drawn):
    for name in ("report.html", "report.json"):
        text = (drawn / name).read_text()
        assert not any(words in text for words in ("ferry", "newsletter offer", "harbour", "page-0"))
    assert "ferry" in (drawn / "report-local.html").read_text()


def test_page_text_cannot_leave_its_place_and_nothing_is_fetched(drawn):
    for name in ("report.html", "report-local.html"):
        text = (drawn / name).read_text()
        assert HOSTILE not in text
        assert "default-src 'none'" in text
        assert "src=" not in text and "@import" not in text and 'xlink:href="http' not in text
    assert (drawn / "report-local.html").read_text().count("<script") == 2


def test_drawing_repeats(drawn):
    found = json.loads((drawn / "report.json").read_text())
    assert report.render(found) == report.render(found) == (drawn / "report.html").read_text()


def test_the_last_release_is_the_last_commit_of_another_model(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    assert report.previous(tmp_path, "new") is None
    git("init")
    for model in ("first", "second", "new"):
        (tmp_path / "evaluation.json").write_text(json.dumps({"model": model, "date": "d", "systems": [{"name": "noiseclf"}]}))
        git("add", ".")
        git("commit", "-m", model)
    assert report.previous(tmp_path, "new")["model"] == "second"
    assert report.previous(tmp_path, "other")["model"] == "new"
    assert "no release" in report.previous(tmp_path, "new")["is"]
    git("tag", "v0.1.0", "HEAD~2")
    assert (report.previous(tmp_path, "new")["model"], report.previous(tmp_path, "new")["is"]) == ("first", "release v0.1.0")
    git("tag", "v0.2.0")
    assert report.previous(tmp_path, "new")["model"] == "second"  # the release is what is measured


def test_the_change_against_given_figures_is_shown(drawn, tiny_model, tmp_path):
    found = json.loads((drawn / "report.json").read_text())
    figures = {name: round(value - 0.125, 4) for name, value in found["figures"].items()}
    old = {"model": "old", "corpus": found["corpus"], "date": "d", "commit": "c", "pages": 4, "lines": 24}
    (tmp_path / "old.json").write_text(json.dumps({**old, "systems": [{"name": "noiseclf", **figures}]}))
    arguments = ["--corpus", drawn.parent, "--model", tiny_model, "--data", drawn.parent / "data", "--out", tmp_path]
    call = [str(a) for a in (*arguments, "--previous", tmp_path / "old.json")]
    assert report.main(call) == 0
    shown = (tmp_path / "report.html").read_text()
    assert shown.count("<td>+0.125</td>") == 4 and "measured on other dev pages" not in shown
    (tmp_path / "old.json").write_text(json.dumps({**old, "corpus": "other", "systems": [{"name": "noiseclf", **figures}]}))
    assert report.main(call) == 0
    assert "measured on other dev pages" in (tmp_path / "report.html").read_text()
    (tmp_path / "old.json").write_text("{}")
    assert report.main(call) == 2


def test_a_fault_is_one_sentence(tmp_path, capsys):
    assert report.main(["--corpus", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("report: ")
