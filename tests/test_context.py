import numpy as np
import pytest
from samples import network_arrays

from noiseclf import context
from noiseclf.context import ContextModel


def model(arrays=None, dilations=(1, 2), page_after=0, **changed):
    arrays = {**(arrays or network_arrays(6, dilations=dilations)), **changed}
    named = {f"network.{name}": a for name, a in arrays.items() if a is not None}
    return ContextModel.of({"dilations": list(dilations), "page_after": page_after}, named)


def page(n, seed=1):
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_each_line_gets_four_probabilities_that_sum_to_one(n):
    found = model().probabilities(page(n))
    assert found.shape == (n, 4)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-6)


def test_extreme_features_still_give_probabilities():
    assert np.isfinite(model().probabilities(page(5) * 1e6)).all()


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
def test_a_page_computed_in_pieces_gives_what_it_gives_as_a_whole(monkeypatch, piece):
    arrays = network_arrays(6, dilations=(1, 2, 5))
    arrays = {name: a * 10 if "block" in name else a for name, a in arrays.items()}  # neighbours matter
    whole = model(arrays, (1, 2, 5)).probabilities(page(20))
    monkeypatch.setattr(context, "_PIECE", piece)
    assert model(arrays, (1, 2, 5)).probabilities(page(20)) == pytest.approx(whole, abs=1e-5)


def test_a_block_is_a_convolution_over_the_lines_above_and_below():
    x, w, b = page(7)[:, :3].copy(), np.random.default_rng(0).normal(size=(3, 3, 3)).astype(np.float32), np.float32([1, 0, -1])
    expected = np.empty_like(x)
    for i in range(7):
        z = x[i] @ w[1] + b
        z = z + x[i - 2] @ w[0] if i >= 2 else z
        z = z + x[i + 2] @ w[2] if i + 2 < 7 else z
        expected[i] = x[i] + np.maximum(z, 0)
    context._block(x, context._side_by_side(w), b, 2)
    assert x == pytest.approx(expected, abs=1e-5)


def test_a_lines_answer_depends_on_its_neighbours():
    near, far = page(10), page(10)
    far[5] += 3
    assert not np.array_equal(model().probabilities(near)[4], model().probabilities(far)[4])


def test_features_are_left_as_they_were():
    features = page(4)
    model().probabilities(features)
    assert np.array_equal(features, page(4))


@pytest.mark.parametrize("name", ["mean", "scale", "input.b", "block1.w", "block0.b", "page.w", "page.b", "output.w", "output.b"])
def test_an_array_of_a_wrong_shape_is_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"array network\.{name} has the shape \(1, 1, 1\), not "):
        model(**{name: np.zeros((1, 1, 1), np.float32)})


@pytest.mark.parametrize("name", ["mean", "input.w", "block1.w", "output.b"])
def test_a_missing_array_is_refused(name):
    with pytest.raises(KeyError, match=name):
        model(**{name: None})
