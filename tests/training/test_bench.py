import json

import pytest
from samples import AD, CONTENT, NAVIGATION

from noiseclf import compiled
from training import bench

LINES = [CONTENT, NAVIGATION, AD, "Home", "12"]


def test_pages_are_cut_alike_and_the_rest_is_left_out():
    assert bench.pages_of(LINES, 2) == [LINES[:2], LINES[2:4]]


def test_time_is_the_processors():
    assert bench.seconds(lambda: sum(range(200_000)), 3) > 0


def test_each_size_of_page_has_its_time():
    found = bench.by_size(LINES, (2, 1000))
    assert list(found) == ["2", "1,000"]
    assert all(figure > 0 for figure in found.values())


def test_each_part_has_its_time():
    found = bench.by_part(LINES * 40, 100)
    assert list(found) == ["normalise", "shape", "scorer", "context network", "labels, lines and the rest"]


def test_the_report_says_whether_the_core_was_used_and_draws_the_times(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "_SIZES", (5, 20))
    monkeypatch.setattr(bench, "measure", lambda pages: {"pages a second, as they are": 1.0})
    monkeypatch.setattr(bench, "compare", lambda corpus, limit, own: {})
    assert bench.main(["--corpus", str(tmp_path / "none"), "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["compiled core"] is compiled.IN_USE
    assert found["microseconds a line by part"].keys() >= {"shape", "scorer"}
    for name in ("speed-by-size.svg", "speed-by-part.svg"):
        drawn = (tmp_path / name).read_text()
        assert drawn.startswith("<svg")
        assert len(drawn) < 40_000
        assert "µs a line" in drawn


@pytest.mark.parametrize("kind", ["size", "part"])
def test_times_are_written_on_the_chart(kind):
    draw = bench.charts.time_by_size if kind == "size" else bench.charts.time_by_part
    drawn = draw({"50": 8.25, "1,000": 6.75})
    assert "6.8" in drawn or "6.75" in drawn
