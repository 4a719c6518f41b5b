"""Pages as the networks learn them: batches of pages of like length, padded to one length, long ones cut."""

from __future__ import annotations

import numpy as np

from training.network import UNKNOWN, Sample, Settings, Task, Words, _Learner, batches, padded

MEAN, SCALE = np.array([1.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32)


def page(lines: int, weight: float = 1.0) -> Sample:
    """A page whose lines' features, targets and silver marks all tell their place on it."""
    place = np.arange(lines)
    features = np.stack([place, place + 1], 1).astype(np.float32)
    return Sample(features, place % 4, (place + 1) % 2, weight, 100 + place)


def test_pages_of_a_batch_are_padded_to_the_longest():
    found = padded([page(3, weight=2.0), page(5)], MEAN, SCALE, 600, np.random.default_rng(0))
    assert found.features.shape == (2, 5, 2)
    assert found.mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert found.target.tolist() == [[0, 1, 2, UNKNOWN, UNKNOWN], [0, 1, 2, 3, 0]]
    assert found.silver.tolist() == [[1, 0, 1, UNKNOWN, UNKNOWN], [1, 0, 1, 0, 1]]
    assert found.weight.tolist() == [[2, 2, 2, 0, 0], [1, 1, 1, 1, 1]]
    assert [lines.tolist() for lines in found.lines] == [[100, 101, 102], [100, 101, 102, 103, 104]]


def test_features_are_brought_to_mean_and_scale_and_padding_is_zero():
    found = padded([page(1), page(2)], MEAN, SCALE, 600, np.random.default_rng(0))
    assert found.features.tolist() == [[[-0.5, 1.0], [0.0, 0.0]], [[-0.5, 1.0], [0.0, 2.0]]]


def test_of_a_long_page_any_part_is_taken_its_rows_together():
    rng = np.random.default_rng(0)
    starts = set()
    for _ in range(40):
        found = padded([page(8)], MEAN, SCALE, 5, rng)
        start = int(found.lines[0][0]) - 100
        starts.add(start)
        assert found.features[0, :, 1].tolist() == list(range(start + 1, start + 6))
        assert found.target[0].tolist() == [i % 4 for i in range(start, start + 5)]
    assert starts == {0, 1, 2, 3}


def test_batches_hold_every_page_once_and_no_more_lines_than_asked_for():
    pages = [page(n) for n in (1, 30, 4, 4, 30, 9, 2, 900)]
    settings = Settings(lines=60, longest=40)
    found = list(batches(pages, settings, np.random.default_rng(0)))
    assert sorted(len(s.features) for batch in found for s in batch) == sorted(len(s.features) for s in pages)
    assert all(len(batch) * min(max(len(s.features) for s in batch), 40) <= 60 for batch in found)


def test_pages_that_weigh_little_are_seen_less_often_and_those_that_weigh_much_count_more():
    pages = [page(3, weight=0.25), page(4, weight=1.0), page(5, weight=2.5)]
    learner = _Learner(Task(pages, Settings(channels=4, dilations=(1,), page_after=0, silver_pages=0)), Words())
    rng = np.random.default_rng(0)
    seen = [s for _ in range(400) for batch in learner.drawn(rng) for s in batch]
    assert {len(s.features): s.weight for s in seen} == {3: 1.0, 4: 1.0, 5: 2.5}
    counts = {n: sum(len(s.features) == n for s in seen) for n in (3, 4, 5)}
    assert counts[4] == counts[5] == 400
    assert 70 < counts[3] < 130
