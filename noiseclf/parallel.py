"""Work spread over processes: lazy, in order, and no further ahead of its reader than a few batches."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, TypeVar

Context = TypeVar("Context")
Item = TypeVar("Item")
Result = TypeVar("Result")

#: What a worker process made of a batch: the results up to the first error, and that error.
_Answer = tuple[list[Any], Exception | None]


def ordered_map(
    work: Callable[[Context, Item], Result], context: Context, items: Iterable[Item], *, jobs: int, batch: int
) -> Iterator[tuple[Item, Result]]:
    """Yield ``(item, work(context, item))`` for each item, in order.

    An error, of ``work`` or of the iterable ``items``, is raised when its item's turn comes, after all earlier results.

    Args:
        work: a function of a module, so that it can be sent to another process.
        context: what every call needs; each process gets it once.
        items: any iterable; at most ``2 * jobs`` batches of it are read ahead.
        jobs: processes to use, of one thread each; 1 uses none but this one, as it is, and reads nothing ahead.
        batch: items that a process gets at once.
    """
    if jobs == 1:
        for item in items:
            yield item, work(context, item)
        return
    source = iter(items)
    waiting: deque[tuple[list[Item], Future[_Answer]]] = deque()
    broken: Exception | None = None  # the error that ended ``items``
    pool = ProcessPoolExecutor(jobs, initializer=_start, initargs=(work, context))
    try:
        while True:
            while len(waiting) < 2 * jobs and broken is None:
                taken, broken = _take(source, batch)
                if not taken:
                    break
                waiting.append((taken, pool.submit(_answer, taken)))
            if not waiting:
                break
            taken, future = waiting.popleft()
            results, error = future.result()
            yield from zip(taken, results, strict=error is None)
            if error is not None:
                raise error
    finally:
        pool.shutdown(cancel_futures=True)
    if broken is not None:
        raise broken


def one_thread() -> AbstractContextManager[Any]:
    """Keep NumPy's matrix products to one thread, for good or while the result is a context.

    On a page's small products more threads wait for each other, and those of several processes for all others.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, "blas")
    return limits


def _take(source: Iterator[Item], size: int) -> tuple[list[Item], Exception | None]:
    """Return the next items of ``source``, and the error that it raised after them."""
    taken: list[Item] = []
    try:
        for item in islice(source, size):
            taken.append(item)  # noqa: PERF402 - not list(): what came before an error is kept
    except Exception as error:
        return taken, error
    return taken, None


_task: tuple[Callable[[Any, Any], Any], Any]  # in a worker process: the function and its context


def _start(work: Callable[[Any, Any], Any], context: Any) -> None:
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()
    _task = work, context


def _end_with_parent() -> None:
    """Wait until the parent is gone, killed perhaps, and end this process, which would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(items: list[Any]) -> _Answer:
    work, context = _task
    results = []
    for item in items:
        try:
            results.append(work(context, item))
        except Exception as error:
            return results, error
    return results, None
