"""Lines, and weights of a network, that the small model is made of."""

import numpy as np

from noiseclf.labels import LABELS

SCORER_LABELS = [label.value for label in LABELS]
#: One line of each label that the small model is sure about.
CONTENT = "The ferry to the island was late again on Monday, the harbour master said."
NAVIGATION = "Home | News | Sport"
AD = "Buy now and save 20% with our newsletter offer!"
COMMENT_FORM = "Leave a reply: your email address will not be published."

LINES = {
    "content": [CONTENT, "The harbour was quiet that morning.", "The master said the ferry was late on the island."],
    "navigation": [NAVIGATION, "Home | About us | Contact", "News | Sport | Weather | Home"],
    "ad": [AD, "Save now with this offer!", "Buy our newsletter and save!"],
    "comment_form": [COMMENT_FORM, "Your email address will not be shown.", "Leave a reply"],
}


#: Of vectors of four numbers, that are the labels' log-odds themselves.
LOG_ODDS = np.eye(4, dtype=np.float32)


def network_arrays(
    inputs: int,
    head: np.ndarray = LOG_ODDS,
    channels: int = 8,
    dilations: tuple[int, ...] = (1, 2),
    *,
    seed: int = 0,
) -> dict:
    """Random weights of a context model; its last inputs, a line's vector, go through ``head`` straight to the four labels.

    ``head`` has the shape (4, dimensions of a vector); vectors of four numbers are log-odds of the labels themselves.
    """
    random = np.random.default_rng(seed)

    def small(*shape: int):
        return random.normal(0, 0.02, shape).astype(np.float32)

    arrays = {"mean": np.zeros(inputs, np.float32), "scale": np.ones(inputs, np.float32)}
    arrays |= {"input.w": small(inputs, channels), "input.b": small(channels)}
    for i in range(len(dilations)):
        arrays |= {f"block{i}.w": small(3, channels, channels), f"block{i}.b": small(channels)}
    arrays |= {"page.w": small(channels, channels), "page.b": small(channels)}
    arrays |= {"output.w": small(2 * channels, 4), "output.b": small(4)}
    arrays["input.b"][:4] += 40  # what is negative would not pass the first layer
    arrays["input.w"][-head.shape[1] :, :4] += 1.7 * head.T
    arrays["output.w"][:4] += np.eye(4, dtype=np.float32)
    return arrays
