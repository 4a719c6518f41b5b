import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from noiseclf.labelling import Journal, cohens_kappa, read_pages
from noiseclf.streams import StreamError
from training.corpus import read_split

ROOT = Path(__file__).parents[1]


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "a.txt").write_text("Home\n\nA story.\nBuy\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"id": "b1", "text": "one\ntwo", "url": "https://example.org/x"})
        + "\n\n" + json.dumps({"id": "b2", "lines": ["three"], "domain": "example.com"}) + "\n"
    )  # fmt: skip
    return read_pages([str(tmp_path / "a.txt"), str(tmp_path / "b.jsonl")])


@pytest.fixture
def journal(tmp_path, pages):
    journal = Journal(tmp_path / "mine")
    journal.add(pages)
    yield journal
    journal.close()


def reopened(journal):
    journal.close()
    return Journal(journal.folder)


def test_pages_come_from_text_files_and_records(pages):
    assert [p.name for p in pages] == ["a.txt", "b1", "b2"]
    assert [p.lines for p in pages] == [("Home", "", "A story.", "Buy"), ("one", "two"), ("three",)]
    assert [p.domain for p in pages] == [pages[0].id, "example.org", "example.com"]


def test_pages_of_html_give_their_lines(tmp_path):
    pytest.importorskip("selectolax")
    (tmp_path / "a.html").write_text("<!doctype html><nav>Home</nav><p>A <b>story</b>.</p><script>x</script>")
    (page,) = read_pages([str(tmp_path / "a.html")])
    assert [line for line in page.lines if line] == ["Home", "A story."]


@pytest.mark.parametrize("row", ["{", "[]", '{"other": 1}', '{"text": 3}', '{"lines": [3]}'])
def test_a_record_that_is_no_page_is_named(tmp_path, row):
    (tmp_path / "bad.jsonl").write_text(row)
    with pytest.raises(StreamError, match=r"bad.jsonl: line 1 is no record"):
        read_pages([str(tmp_path / "bad.jsonl")])


def test_labels_are_kept_and_read_by_the_trainer(journal, pages):
    journal.change(pages[0].id, "Ann", 0, "NCCA")
    journal.change(pages[1].id, "Ann", 1, "U")
    assert journal.labels(pages[0].id, "Ann") == "N?CA"  # blank lines have no label
    found = read_split(journal.folder, "train")
    assert [(p.labels, p.domain, p.source) for p in found] == [("N?CA", pages[0].id, "own"), ("?U", "example.org", "own")]
    again = reopened(journal)
    assert again.labels(pages[0].id, "Ann") == "N?CA"
    assert again.pages == journal.pages
    again.close()


def test_what_was_cut_off_while_written_is_dropped_and_the_rest_is_there(journal, pages):
    journal.change(pages[0].id, "Ann", 0, "N")
    journal.close()
    path = journal.folder / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number": 2, "page": "a.t')
    again = Journal(journal.folder)
    assert again.labels(pages[0].id, "Ann") == "N???"
    assert path.read_bytes() == whole
    again.change(pages[0].id, "Ann", 3, "A")
    again = reopened(again)
    assert again.labels(pages[0].id, "Ann") == "N??A"
    again.close()


def test_a_killed_process_loses_nothing_that_it_said_was_saved(tmp_path, pages):
    code = f"""
from noiseclf.labelling import Journal, read_pages
pages = read_pages([{str(tmp_path / "a.txt")!r}])
journal = Journal({str(tmp_path / "killed")!r})
journal.add(pages)
for i in range(100_000):
    print(journal.change(pages[0].id, "Ann", 0, "CNAF"[i % 4]).number, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    said = [int(process.stdout.readline()) for _ in range(40)]
    process.kill()
    process.wait()
    said += [int(row) for row in process.stdout.read().split("\n")[:-1]]
    (tmp_path / "killed/.noiseclf-0.tmp").touch()
    journal = Journal(tmp_path / "killed")
    assert len(journal.changes) >= said[-1] >= 40
    assert read_split(journal.folder, "train")[0].labels == journal.labels(pages[0].id, "Ann")
    assert sorted(path.name for path in journal.folder.iterdir()) == ["journal.jsonl", "train.jsonl"]
    journal.close()


def test_a_damaged_journal_is_named_with_its_line(journal):
    journal.close()
    with (journal.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"number": 1}\n')
    with pytest.raises(StreamError, match=r"journal.jsonl:4: is no change"):
        Journal(journal.folder)


def test_only_one_process_holds_a_folder(journal):
    with pytest.raises(StreamError, match="another 'noiseclf label' is using it"):
        Journal(journal.folder)


def test_undo_goes_back_step_by_step_and_leaves_what_came_later(journal, pages):
    page = pages[0].id
    journal.change(page, "Ann", 0, "N")
    journal.change(page, "Ann", 0, "C..A")
    journal.change(page, "Bea", 0, "F")
    journal.undo("Ann")
    assert (journal.labels(page, "Ann"), journal.labels(page, "Bea")) == ("N???", "F???")
    journal = reopened(journal)
    journal.undo("Ann")
    assert journal.labels(page, "Ann") == "????"
    assert journal.undo("Ann") is None
    journal.close()


@pytest.mark.parametrize(
    ("page", "name", "start", "codes"),
    [("x", "Ann", 0, "N"), (None, "Ann", 4, "N"), (None, "Ann", -1, "N"), (None, "Ann", 0, ""), (None, "Ann", 0, "Q"),
     (None, " ", 0, "N"), (None, "A\nn", 0, "N"), (None, "A" * 61, 0, "N")],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused(journal, pages, page, name, start, codes):
    with pytest.raises(ValueError, match=r"."):
        journal.change(page or pages[0].id, name, start, codes)
    assert journal.changes == []


def test_lines_on_which_annotators_differ_are_not_trained_on(journal, pages):
    journal.change(pages[0].id, "Ann", 0, "N.CA")
    journal.change(pages[0].id, "Bea", 0, "N.N.")
    assert [r["labels"] for r in journal.training_records()] == ["N??A"]
    found = journal.agreement("Ann", "Bea")
    assert (found.lines, found.same) == (2, 1)


def test_kappa():
    # Cohen 1960's formula by hand: 35 of 50 alike; by chance (25*30 + 25*20) / 2500
    pairs = [("C", "C")] * 20 + [("C", "N")] * 5 + [("N", "C")] * 10 + [("N", "N")] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)
    assert cohens_kappa([]) is None
    assert cohens_kappa([("C", "C")] * 3) is None
    assert cohens_kappa([("C", "N"), ("N", "C")]) == pytest.approx(-1)


def test_the_guidelines_in_the_package_are_those_of_the_data_readme():
    def words(text):
        return re.findall(r"\w+", text)

    section = (ROOT / "data/README.md").read_text(encoding="utf-8").split("## The labels\n")[1].split("\n## `pages/")[0]
    section = re.sub(r"^\d\. ", "", section, flags=re.MULTILINE)
    shown = (ROOT / "noiseclf/web/guidelines.html").read_text(encoding="utf-8")
    assert words(html.unescape(re.sub("<[^>]*>", " ", shown))) == words(section)
