import random

import pytest

from fuzz import crash

pytest.importorskip("fcntl", reason="kills are by signals")


def test_after_kills_at_random_moments_the_output_is_whole_or_absent_and_resumes_to_the_same(tiny_model, tmp_path):
    counts = crash.run(tmp_path, 8, 3, str(tiny_model), records=600, outputs=["out.jsonl", "out.txt"])
    assert counts.total() == 8


def test_a_file_that_is_half_written_is_found(tmp_path):
    crash.make_inputs(tmp_path, 20)
    (case, *_) = crash.cases(tmp_path, None, ["out.jsonl"])
    wrong = crash.Case(case.arguments, case.output, case.expected[:-1], case.seconds)
    with pytest.raises(AssertionError, match=r"out\.jsonl differs after 0 kills"):
        crash.kill_and_finish(wrong, 0, random.Random(0))
