import http.client
import json
import threading
from pathlib import Path

import pytest
from samples import CONTENT, NAVIGATION

import noiseclf
from noiseclf import cli, label_server
from noiseclf.labelling import Journal, read_pages


@pytest.fixture
def served(tmp_path, tiny_model):
    """A running server: its port, its token, its journal, the id of its page."""
    (tmp_path / "page.txt").write_text(f"{NAVIGATION}\n{CONTENT}\n", encoding="utf-8")
    journal = Journal(tmp_path / "mine")
    journal.add(read_pages([str(tmp_path / "page.txt")]))
    server, address = label_server.make_server(label_server.Session(journal, str(tiny_model), "Ann"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], address.split("/")[3], journal, next(iter(journal.pages))
    server.shutdown()
    thread.join()
    server.server_close()
    journal.close()


def ask(served, path, body=None, *, token=None, **headers):
    """Return the status and the JSON (or text) of an answer; a header given as None is left out."""
    port, own, _, _ = served
    headers = {"Host": f"127.0.0.1:{port}", "Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json",
               **{key.replace("_", "-"): value for key, value in headers.items()}}  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("GET" if body is None else "POST", f"/{own if token is None else token}/{path}", skip_host=True)
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    for key, value in {**headers, "Content-Length": str(len(data))}.items():
        if value is not None:
            connection.putheader(key, value)
    connection.endheaders(data)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(text) if is_json else text, answer.headers


def change(served, **others):
    return {"page": served[3], "annotator": "Ann", "start": 0, "codes": "NC", "seen": 0, **others}


def test_it_listens_to_this_machine_alone(served, tmp_path, tiny_model):
    server, address = label_server.make_server(None)
    assert server.server_address[0] == "127.0.0.1"
    assert address != label_server.make_server(None)[1]
    server.server_close()


def test_the_page_and_its_parts_come_with_strict_headers(served):
    for path, start in (("", "<!doctype html>"), ("label.js", "//"), ("label.css", "body"), ("base.css", "/*")):
        status, text, headers = ask(served, path)
        assert (status, text[: len(start)]) == (200, start)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_label_is_saved_and_told(served):
    status, answer, _ = ask(served, "api/label", change(served))
    assert (status, answer["done"]["codes"], answer["seen"]) == (200, "NC", 1)
    assert served[2].labels(served[3], "Ann") == "NC"
    assert ask(served, "api/news?annotator=Ann&seen=0")[1]["changes"][0]["codes"] == "NC"
    assert ask(served, "api/undo", {"annotator": "Ann"})[1]["done"]["undoes"] == 1
    state = ask(served, "api/state?annotator=Ann")[1]
    assert [(p["given"], p["lines"]) for p in state["pages"]] == [(0, 2)]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": None}, {"Host": "127.0.0.1:1"}])
def test_another_host_name_is_refused(served, headers):
    assert ask(served, "", **headers)[0] in (400, 403)
    assert ask(served, "api/state", **headers)[0] in (400, 403)


@pytest.mark.parametrize("token", ["", "wrong", "ünï"])
def test_a_wrong_token_is_refused(served, token):
    from urllib.parse import quote

    assert ask(served, "api/state", token=quote(token))[0] == 403
    assert ask(served, "api/label", change(served), token=quote(token))[0] == 403
    assert served[2].changes == []


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
def test_another_origin_changes_nothing(served, origin):
    assert ask(served, "api/label", change(served), Origin=origin)[0] == 403
    assert served[2].changes == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"[" * 5000, b"\xff", {"page": 1}, {}, {"codes": "Q"}, {"start": True}, {"start": 9}, {"annotator": ""}]
)
def test_a_bad_change_is_refused_with_a_sentence(served, body):
    body = change(served, **body) if isinstance(body, dict) and body else body
    status, answer, _ = ask(served, "api/label", body)
    assert (status, len(answer["error"]) > 10, served[2].changes) == (400, True, [])


def test_form_posts_and_unknown_paths_are_refused(served):
    assert ask(served, "api/label", change(served), Content_Type="text/plain")[0] == 400
    assert ask(served, "api/other", {})[0] == 404
    assert ask(served, "../label_server.py")[0] == 404
    assert ask(served, "api/page?id=none")[0] == 400
    assert ask(served, "api/news?seen=x")[0] == 400


def test_others_labels_are_told_only_where_both_labelled_and_differ(served):
    ask(served, "api/label", change(served))
    assert ask(served, f"api/page?annotator=Bea&id={served[3].replace('#', '%23')}")[1]["others"] == {}
    ask(served, "api/label", change(served, annotator="Bea", codes="A."))
    assert ask(served, f"api/page?annotator=Bea&id={served[3].replace('#', '%23')}")[1]["others"] == {"0": "Ann: N"}


def test_without_the_trainer_retraining_says_what_it_needs(served, monkeypatch):
    monkeypatch.setattr(label_server, "_trainer", lambda: None)
    session = label_server.Session(served[2], None, "Ann")
    with pytest.raises(ValueError, match="train extra"):
        session.train()


def test_a_fault_before_serving_is_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["label", "--no-browser"]) == 2
    assert "there is no page to label" in capsys.readouterr().err
    assert cli.main(["label", "none.txt"]) == 2
    assert "none.txt: no such file" in capsys.readouterr().err
    Path("file").write_text("")
    assert cli.main(["label", "-o", "file"]) == 2
    assert "labels cannot be kept there" in capsys.readouterr().err


def test_the_guesses_for_a_page_of_html_come_from_the_html_also_when_the_folder_is_opened_again(tmp_path):
    pytest.importorskip("selectolax")
    html = f"<!doctype html><title>x</title><nav><a href=/>{CONTENT}</a></nav><article><p>{CONTENT}</p></article>"
    (tmp_path / "page.html").write_bytes(html.encode("utf-16"))
    journal = Journal(tmp_path / "mine")
    journal.add(read_pages([str(tmp_path / "page.html")]))
    journal.close()
    journal = Journal(tmp_path / "mine")
    (page,) = journal.pages
    found = label_server.Session(journal, None, "Ann").page(page, "Ann")
    journal.close()
    answer = noiseclf.load().classify_html(html)
    assert found["codes"] == "?" * len(answer.lines)
    assert found["confidence"] == [round(line.confidence, 3) for line in answer.lines]
    as_text = noiseclf.load().classify(found["lines"])
    assert found["confidence"] != [round(line.confidence, 3) for line in as_text.lines]


def test_without_a_model_for_html_its_lines_are_guessed_as_text(tmp_path, tiny_model):
    pytest.importorskip("selectolax")
    (tmp_path / "page.html").write_text(f"<!doctype html><p>{CONTENT}</p><p>{NAVIGATION}</p>")
    journal = Journal(tmp_path / "mine")
    journal.add(read_pages([str(tmp_path / "page.html")]))
    (page,) = journal.pages
    assert label_server.Session(journal, str(tiny_model), "Ann").page(page, "Ann")["guesses"] == "C?N"
    journal.close()
