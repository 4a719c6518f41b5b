import json

from noiseclf.labels import LABELS, NOISE, Label


def test_the_order_of_labels_is_the_order_of_probability_columns_in_every_model():
    assert [label.value for label in LABELS] == ["content", "navigation", "ad", "comment_form"]


def test_all_but_content_is_noise():
    assert set(LABELS) - NOISE == {Label.CONTENT}


def test_a_label_is_its_name_wherever_a_string_is_wanted():
    assert Label.AD == "ad"
    assert f"{Label.COMMENT_FORM}" == str(Label.COMMENT_FORM) == "comment_form"
    assert json.dumps(Label.CONTENT) == '"content"'
    assert {"ad": 1}[Label.AD] == 1
