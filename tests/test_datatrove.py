import gzip
import json

import pytest
import sites
from warcs import conversion, response

import noiseclf

pytest.importorskip("datatrove", reason="needs noiseclf[datatrove]")
pytest.importorskip("magic", reason="datatrove's WarcReader needs libmagic", exc_type=ImportError)
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.writers import JsonlWriter

from noiseclf.datatrove import NoiseclfFilter

MENU = "\n".join(sites.NAVIGATION)


def run(folder, reader, tasks, **options):
    """Run a pipeline and return its documents by id, what was dropped, and the statistics of the step."""
    step = NoiseclfFilter(exclusion_writer=JsonlWriter(str(folder / "dropped"), compression=None), **options)
    writer = JsonlWriter(str(folder / "out"), compression=None)
    logs = str(folder / "logs")
    LocalPipelineExecutor([reader, step, writer], tasks=tasks, workers=tasks, logging_dir=logs).run()
    (stats,) = [s["stats"] for s in json.loads((folder / "logs/stats.json").read_text()) if "noiseclf" in s["name"]]
    found = {}
    for name in ("out", "dropped"):
        lines = [line for file in sorted((folder / name).glob("*.jsonl")) for line in file.read_text().splitlines()]
        found[name] = {record["id"]: record for record in map(json.loads, lines)}
    assert len(list((folder / "logs/completions").iterdir())) == tasks
    return (
        found["out"],
        found["dropped"],
        {name: value["total"] if isinstance(value, dict) else value for name, value in stats.items()},
    )


def check(documents, dropped, stats, count):
    assert len(documents) == count
    for number, document in enumerate(documents[key] for key in sorted(documents)):
        assert document["text"] == noiseclf.clean(sites.page(number))
        assert sites.CONTENT[0] in document["text"]
    assert [record["metadata"]["filter_reason"] for record in dropped.values()] == ["no-content"]
    assert [record["text"] for record in dropped.values()] == [MENU]
    assert (stats["total"], stats["forwarded"], stats["dropped"], stats["dropped_no-content"]) == (count + 1, count, 1, 1)
    assert stats["line-total"] == count * 11 + 4
    assert stats["line-total"] == stats["line-kept"] + sum(stats[f"line-dropped-{label}"] for label in noiseclf.NOISE)


@pytest.mark.parametrize("tasks", [1, 2])
def test_a_local_pipeline_over_the_text_of_an_archive(tmp_path, tasks):
    source = tmp_path / "wet"
    source.mkdir()
    for part in range(2):
        records = [conversion(number, sites.page(number)) for number in range(part * 3, part * 3 + 3)]
        records += [conversion(9, MENU)] * part
        (source / f"{part}.warc.wet.gz").write_bytes(b"".join(map(gzip.compress, records)))
    found = run(tmp_path, WarcReader(str(source), compression="gzip"), tasks)
    check(*found, 6)
    assert found[0]["<urn:uuid:2>"]["metadata"]["url"] == "http://site.example/2"


def test_a_local_pipeline_of_two_tasks_over_jsonl(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    pages = [sites.page(number) for number in range(5)] + [MENU]
    for part in range(2):
        lines = [json.dumps({"id": str(i), "text": page}) for i, page in enumerate(pages) if i % 2 == part]
        (source / f"{part}.jsonl").write_text("\n".join(lines))
    check(*run(tmp_path, JsonlReader(str(source)), 2), 5)


def test_a_local_pipeline_of_two_tasks_over_the_html_of_an_archive(tmp_path):
    source = tmp_path / "warc"
    source.mkdir()
    for number in range(4):
        (source / f"{number}.warc.gz").write_bytes(gzip.compress(response(number, sites.html(number).encode())))
    documents, _, stats = run(tmp_path, WarcReader(str(source), compression="gzip"), 2, html=True)
    assert stats["forwarded"] == 4
    for number in range(4):
        assert documents[f"<urn:uuid:{number}>"]["text"] == noiseclf.clean_html(sites.html(number))


def test_what_is_dropped_can_be_chosen():
    document = Document(text=sites.page(0), id="a")
    assert NoiseclfFilter(drop={"comment_form"}).filter(document) is True
    assert document.text == noiseclf.clean(sites.page(0), drop={"comment_form"})
    with pytest.raises(ValueError, match="drop holds something else"):
        NoiseclfFilter(drop={"menu"})
