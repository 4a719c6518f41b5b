import multiprocessing
import os
import subprocess
import sys
import time
from itertools import count

import psutil
import pytest
from threadpoolctl import threadpool_info

from noiseclf.parallel import ordered_map


def add(context, item):
    if item == 13:
        raise ValueError("thirteen")
    return context + item


def process(context, item):
    return os.getpid()


def threads(context, item):
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_with_their_items_in_order(jobs):
    assert list(ordered_map(add, 100, range(12), jobs=jobs, batch=5)) == [(i, 100 + i) for i in range(12)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_items_have_no_results(jobs):
    assert list(ordered_map(add, 0, [], jobs=jobs, batch=5)) == []


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("batch", [1, 4, 50])
def test_an_error_in_the_work_comes_after_all_earlier_results(jobs, batch):
    found = []
    with pytest.raises(ValueError, match="thirteen"):
        for item, _ in ordered_map(add, 0, range(30), jobs=jobs, batch=batch):
            found.append(item)
    assert found == list(range(13))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("batch", [1, 4, 50])
def test_an_error_of_the_items_themselves_comes_after_all_earlier_results(jobs, batch):
    def items():
        yield from range(10)
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        for item, _ in ordered_map(add, 0, items(), jobs=jobs, batch=batch):
            found.append(item)
    assert found == list(range(10))


@pytest.mark.parametrize(("jobs", "ahead"), [(1, 0), (2, 2 * 2 * 3)])
def test_items_are_read_ahead_by_a_few_batches_only(jobs, ahead):
    read = []
    results = ordered_map(add, 0, (read.append(i) or -i for i in count()), jobs=jobs, batch=3)
    assert read == []
    for done in range(1, 20):
        next(results)
        assert len(read) <= done + ahead
    results.close()


def test_a_reader_that_stops_early_leaves_no_process_behind():
    results = ordered_map(add, 0, range(10), jobs=2, batch=1)
    next(results)
    assert multiprocessing.active_children()
    results.close()
    assert not multiprocessing.active_children()


_WORKERS = """
import time, sys
from noiseclf.parallel import ordered_map
from test_parallel import process
for _, pid in ordered_map(process, None, iter(lambda: time.sleep(0.01), 1), jobs=2, batch=1):
    print(pid, flush=True)
"""


def test_workers_end_when_their_parent_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", _WORKERS],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    pids = {int(parent.stdout.readline()) for _ in range(20)}
    parent.kill()
    parent.wait()
    for _ in range(3000):
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return
        time.sleep(0.01)
    raise AssertionError("they live on")


def test_one_job_is_this_process_and_two_are_others():
    assert {pid for _, pid in ordered_map(process, None, range(3), jobs=1, batch=1)} == {os.getpid()}
    assert os.getpid() not in {pid for _, pid in ordered_map(process, None, range(6), jobs=2, batch=1)}


def test_a_process_multiplies_matrices_in_one_thread_and_this_one_as_before():
    before = threads(None, 0)
    assert before, "NumPy's BLAS is not seen"
    assert [found for _, found in ordered_map(threads, None, range(4), jobs=2, batch=1)] == [[1] * len(before)] * 4
    assert threads(None, 0) == before
