import os
import pickle
import subprocess
import sys
import threading
from collections import UserList
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

import noiseclf
from noiseclf import classifier
from noiseclf.artefact import ModelError
from noiseclf.classifier import NoiseClassifier
from noiseclf.labels import LABELS, Label

PAGE = "\n".join([NAVIGATION, "", CONTENT, "", CONTENT, AD, "", COMMENT_FORM])


def labels(page):
    return [line.label and line.label.value for line in page.lines]


@pytest.fixture
def shipped(tiny_model, monkeypatch):
    """The small model in the place of the shipped one."""
    monkeypatch.setattr(classifier, "_SHIPPED", str(tiny_model))
    classifier._load_shipped.cache_clear()
    yield classifier.shipped()
    classifier._load_shipped.cache_clear()


def test_each_line_is_labelled_and_blank_ones_are_not(tiny):
    page = tiny.classify(PAGE)
    assert labels(page) == ["navigation", None, "content", None, "content", "ad", None, "comment_form"]


def test_noise_is_dropped_and_paragraphs_stay(tiny):
    assert tiny.clean(PAGE) == f"{CONTENT}\n\n{CONTENT}"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.text(st.characters(), max_size=30), st.sampled_from([CONTENT, AD, "", "\r"])), max_size=8))
def test_every_input_line_is_a_line_of_the_page_and_joining_them_restores_the_input(tiny, lines):
    text = "\n".join(lines)
    page = tiny.classify(text)
    assert "\n".join(line.text for line in page.lines) == text
    assert [line.number for line in page.lines] == list(range(text.count("\n") + 1))
    assert tiny.clean(text, drop=()) == text
    assert tiny.clean(text) == page.text


def test_a_labels_confidence_is_its_probability_and_the_four_sum_to_one(tiny):
    for line in tiny.classify(PAGE).lines:
        if line.label is None:
            assert (line.confidence, line.probabilities) == (0.0, {})
        else:
            assert line.confidence == line.probabilities[line.label] == max(line.probabilities.values())
            assert list(line.probabilities) == list(LABELS)
            assert sum(line.probabilities.values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("sequence", [list, tuple, UserList])
def test_a_sequence_of_lines_is_the_page_of_these_lines(tiny, sequence):
    assert tiny.classify(sequence(PAGE.split("\n"))) == tiny.classify(PAGE)


def test_a_line_of_a_sequence_may_hold_line_breaks(tiny):
    page = tiny.classify([f"{CONTENT}\n{CONTENT}", "\n"])
    assert labels(page) == ["content", None]
    assert page.lines[0].text == f"{CONTENT}\n{CONTENT}"


def test_empty_input(tiny):
    assert labels(tiny.classify("")) == [None]
    assert tiny.classify([]).lines == ()
    assert tiny.clean("") == tiny.clean([]) == ""


@pytest.mark.parametrize("method", ["clean", "classify"])
@pytest.mark.parametrize("page", [b"bytes", None, 7, ["a", b"b"], iter(["a"])])
def test_what_is_no_page_is_refused(tiny, method, page):
    with pytest.raises(TypeError, match="a page must be a str or a sequence of str"):
        getattr(tiny, method)(page)


def test_drop_says_which_labels_go(tiny):
    assert tiny.clean(PAGE, drop={"content", Label.AD}) == f"{NAVIGATION}\n\n{COMMENT_FORM}"
    assert tiny.classify(PAGE, drop=["ad"]).drop == {Label.AD}
    assert AD not in tiny.classify(PAGE, drop=["ad"]).text


@pytest.mark.parametrize("drop", [{"menu"}, ["ad", "Content"], [None], [b"ad"]])
def test_an_unknown_label_is_refused_with_the_known_ones(tiny, drop):
    with pytest.raises(ValueError, match=r"labels \['content', 'navigation', 'ad', 'comment_form'\]"):
        tiny.clean(PAGE, drop=drop)


@pytest.mark.parametrize("drop", ["ad", Label.AD])
def test_one_label_is_not_taken_for_a_set_of_letters(tiny, drop):
    with pytest.raises(ValueError, match="drop must be a set of labels"):
        tiny.clean(PAGE, drop=drop)


def test_an_unknown_favor_is_refused_with_the_known_ones(tiny):
    with pytest.raises(ValueError, match=r"one of \['balanced', 'precision', 'recall'\], not 'speed'"):
        tiny.classify(PAGE, favor="speed")


def test_favor_only_ever_moves_lines_into_content_from_precision_to_recall(tiny):
    starts, ends = (CONTENT, NAVIGATION, AD, "late", "island"), (AD, "Home", "ferry")
    lines = [f"{start} {end}" for start in starts for end in ends]
    content = {
        favor: {line.number for line in tiny.classify(lines, favor=favor).lines if line.label is Label.CONTENT}
        for favor in ("precision", "balanced", "recall")
    }
    assert content["precision"] < content["balanced"] < content["recall"]


def test_favor_does_not_change_probabilities(tiny):
    shares = [[line.probabilities for line in tiny.classify(PAGE, favor=f).lines] for f in ("precision", "recall")]
    assert shares[0] == shares[1]


def test_the_same_page_always_gets_the_same_answer(tiny, tiny_model):
    assert tiny.classify(PAGE) == tiny.classify(PAGE) == classifier.load(tiny_model).classify(PAGE)


# Many pages


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_pages_come_in_order_and_as_each_alone(tiny, jobs):
    pages = [f"{CONTENT}\n{i}\n{AD}" for i in range(100)]
    found = list(tiny.classify_many(pages, jobs=jobs, drop={"ad"}, favor="recall"))
    assert found == [tiny.classify(page, drop={"ad"}, favor="recall") for page in pages]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_generator_of_pages_is_read_only_as_far_as_needed(tiny, jobs):
    read = []

    def pages():
        for i in range(100_000):
            read.append(i)
            yield f"{CONTENT} {i}"

    found = tiny.classify_many(pages(), jobs=jobs)
    assert read == []
    assert [next(found).lines[0].text for _ in range(3)] == [f"{CONTENT} {i}" for i in range(3)]
    assert len(read) == 3 if jobs == 1 else len(read) <= 200
    found.close()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_page_is_reported_when_its_turn_comes(tiny, jobs):
    found = tiny.classify_many([CONTENT] * 40 + [b"bytes"] + [AD] * 40, jobs=jobs)
    assert [next(found).lines[0].text for _ in range(40)] == [CONTENT] * 40
    with pytest.raises(TypeError, match="not bytes"):
        next(found)


@pytest.mark.parametrize(
    ("arguments", "error"), [({"jobs": 0}, "jobs"), ({"drop": {"menu"}}, "drop"), ({"favor": "speed"}, "favor")]
)
def test_faulty_arguments_are_refused_before_any_page_is_read(tiny, arguments, error):
    with pytest.raises(ValueError, match=error):
        tiny.classify_many(iter(()), **arguments)


@pytest.mark.parametrize("page", ["one page", b"one page"])
def test_one_page_is_not_taken_for_many(tiny, page):
    with pytest.raises(TypeError, match="an iterable of pages"):
        tiny.classify_many(page)


# Sharing


def test_a_classifier_pickles_with_its_model(tiny):
    data = pickle.dumps(tiny)
    assert pickle.loads(data).classify(PAGE) == tiny.classify(PAGE)
    assert len(data) >= len(tiny._data)


def test_the_shipped_classifier_pickles_as_its_digest(shipped):
    data = pickle.dumps(shipped)
    assert len(data) < 500
    assert pickle.loads(data) is shipped


def test_a_pickle_of_another_shipped_model_is_refused(shipped, tiny_artefact, tmp_path, monkeypatch):
    data = pickle.dumps(shipped)
    other = replace(tiny_artefact, metadata={**tiny_artefact.metadata, "note": "another"})
    (tmp_path / "other").write_bytes(other.to_bytes())
    monkeypatch.setattr(classifier, "_SHIPPED", str(tmp_path / "other"))
    classifier._load_shipped.cache_clear()
    with pytest.raises(ModelError, match="install the same noiseclf everywhere"):
        pickle.loads(data)


def test_the_package_functions_use_the_shipped_model(shipped):
    assert noiseclf.load() is noiseclf.load() is shipped
    assert noiseclf.clean(PAGE, drop={"ad"}) == shipped.clean(PAGE, drop={"ad"})
    assert noiseclf.classify(PAGE, favor="recall") == shipped.classify(PAGE, favor="recall")
    assert list(noiseclf.classify_many([PAGE, AD])) == [shipped.classify(PAGE), shipped.classify(AD)]


def test_a_package_without_its_model_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(classifier, "_SHIPPED", str(tmp_path / "none"))
    classifier._load_shipped.cache_clear()
    with pytest.raises(ModelError, match="holds no model: install it again"):
        classifier.shipped()


def test_threads_can_share_a_classifier(tiny):
    pages = [f"{CONTENT} {i}\n{AD}" for i in range(50)]
    expected = [tiny.classify(page) for page in pages]
    found = {}

    def work(name):
        found[name] = [tiny.classify(page) for page in pages]

    threads = [threading.Thread(target=work, args=(name,)) for name in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: expected, 1: expected}


# Models whose parts do not fit


def refused(model, match):
    with pytest.raises(ModelError, match=match):
        NoiseClassifier(model, b"")


@pytest.mark.parametrize("part", ["scorer_labels", "network", "favor"])
def test_a_model_that_lacks_a_part_is_refused(tiny_artefact, part):
    refused(replace(tiny_artefact, metadata={k: v for k, v in tiny_artefact.metadata.items() if k != part}), part)


def test_a_model_that_lacks_a_favor_is_refused(tiny_artefact):
    refused(replace(tiny_artefact, metadata={**tiny_artefact.metadata, "favor": {"balanced": 0.0}}), "precision")


@pytest.mark.parametrize("table", [np.zeros(10, np.uint8), np.zeros(65536, np.float32)])
def test_a_model_with_another_character_table_is_refused(tiny_artefact, table):
    refused(replace(tiny_artefact, arrays={**tiny_artefact.arrays, "character_table": table}), "character_table")


def test_a_network_for_other_features_is_refused(tiny_artefact):
    from samples import network_arrays

    arrays = {**tiny_artefact.arrays, **{f"network.{k}": a for k, a in network_arrays(7).items()}}
    refused(replace(tiny_artefact, arrays=arrays), "wants 7 features")


def test_a_scorer_that_is_none_is_refused(tiny_artefact):
    refused(replace(tiny_artefact, scorer=b"not fastText"), "not a fastText model")


@pytest.mark.parametrize("value", ["1", None, True, float("nan"), float("inf"), 1e300, [1]])
def test_a_favor_that_is_no_sensible_number_is_refused(tiny_artefact, value):
    favor = {**tiny_artefact.metadata["favor"], "recall": value}
    refused(replace(tiny_artefact, metadata={**tiny_artefact.metadata, "favor": favor}), "favor recall")


@pytest.mark.parametrize("dilations", [[0, 1], [-1, 1], [1, 10**30], [1.5, 1], "12", None, [[1], 2], [1] * 1000])
def test_dilations_that_no_network_has_are_refused(tiny_artefact, dilations):
    network = {**tiny_artefact.metadata["network"], "dilations": dilations}
    refused(replace(tiny_artefact, metadata={**tiny_artefact.metadata, "network": network}), "dilations")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_weights_that_no_network_has_are_refused(tiny_artefact, value):
    weights = tiny_artefact.arrays["network.block0.b"].copy()
    weights[0] = value
    refused(replace(tiny_artefact, arrays={**tiny_artefact.arrays, "network.block0.b": weights}), "block0.b")


@pytest.mark.parametrize("size", [-1, 1 << 62, -(1 << 63), 10**9])
def test_a_scorer_with_lying_sizes_is_refused(tiny_artefact, size):
    from noiseclf.scorer import _matrix_start

    start = _matrix_start(tiny_artefact.scorer)
    lying = tiny_artefact.scorer[: start - 16] + size.to_bytes(8, "little", signed=True) + tiny_artefact.scorer[start - 8 :]
    refused(replace(tiny_artefact, scorer=lying), "not a fastText model")


def test_eight_threads_that_load_at_once_have_one_classifier_and_the_same_labels():
    code = """
import threading, noiseclf
page = "Home\\nThe ferry was late again on Monday, the harbour board said.\\nLeave a reply"
barrier, found = threading.Barrier(8), []
def work():
    barrier.wait()
    classifier = noiseclf.load()
    found.append((id(classifier), tuple(tuple(line.probabilities.items()) for line in classifier.classify(page).lines)))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and all(one == found[0] for one in found), found
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)


def test_threads_that_load_a_file_at_once_agree(html_model):
    page, html = f"{CONTENT}\n{AD}", f"<p>{CONTENT}</p><p>{AD}</p>"
    barrier = threading.Barrier(8)

    def work(_):
        barrier.wait()
        loaded = noiseclf.load(html_model)
        return loaded.classify(page), loaded.classify_html(html)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert all(one == found[0] for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("when", ["loaded", "loading"])
def test_a_forked_process_can_load_whatever_its_parent_was_at(when):
    code = """
import os, sys, threading, time, warnings
import noiseclf
from noiseclf import classifier
warnings.simplefilter("ignore")
page = "Home\\nThe ferry was late again on Monday, the harbour board said.\\nLeave a reply"
if sys.argv[1] == "loaded":
    noiseclf.classify(page)
else:  # another thread is in the middle of loading
    load, begun = classifier._load_shipped, threading.Event()
    def slow():
        begun.set()
        time.sleep(0.3)
        return load()
    classifier._load_shipped = slow
    threading.Thread(target=noiseclf.load).start()
    begun.wait()
pid = os.fork()
if pid == 0:
    ok = [line.label for line in noiseclf.classify(page).lines].count(None) == 0
    os._exit(0 if ok else 1)
end = time.monotonic() + 60
while (done := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
    time.sleep(0.01)
if done == (0, 0):
    os.kill(pid, 9)
    sys.exit("the forked process hangs")
sys.exit(os.waitstatus_to_exitcode(done[1]))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, when], check=True, env=environment, timeout=120)
