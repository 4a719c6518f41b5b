"""The labelling page: serves ``noiseclf/web/label.html`` and its data to this machine alone.

Whoever can guess neither the token in the address nor send from the page itself gets nothing: the Host header keeps
names that others point at this machine out, the Origin header keeps other sites' pages out.
"""

from __future__ import annotations

import getpass
import hmac
import json
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources, util
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from noiseclf.artefact import ModelError
from noiseclf.classifier import NoiseClassifier, load
from noiseclf.extras import require_html
from noiseclf.labelling import CODES, UNLABELLED, Change, Journal, OwnPage
from noiseclf.labels import LABELS
from noiseclf.page import Page
from noiseclf.streams import StreamError

_MAX_BODY = 1 << 20
_FILES = {"label.css": "text/css", "base.css": "text/css", "label.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NO_TRAINER = (
    "Retraining needs noiseclf's sources and its train extra: clone the repository, run 'make label PAGES=…' there "
    "(it installs both), or copy the folder of labels there and run 'make train CORPUS=folder BASE=shipped'."
)


class Session:
    """What the page shows and does: pages, labels, the model's guesses, retraining. Its methods may be called by threads."""

    def __init__(self, journal: Journal, model: str | None, annotator: str) -> None:
        """Guess the labels of the journal's pages by ``model``, or by the shipped one.

        Raises:
            OSError, ModelError: as :func:`noiseclf.load`.
        """
        self.journal = journal
        self.base = model
        self.annotator = annotator
        self._lock = threading.Lock()
        self._training: dict[str, Any] = {"state": "idle", "missing": missing_trainer()}
        self._guess(load(model), "shipped" if model is None else Path(model).name)

    def _guess(self, classifier: NoiseClassifier, name: str) -> None:
        guesses = {page.id: _guesses(classifier, page) for page in self.journal.pages.values()}
        with self._lock:
            self._guesses, self._model = guesses, name

    def state(self, annotator: str) -> dict[str, Any]:
        """Return everything but the pages' lines; the pages, least certain first."""
        seen = len(self.journal.changes)  # before what is counted: a change told twice does no harm, one not told does
        with self._lock:
            guesses, model = self._guesses, self._model
        pages = []
        for page in self.journal.pages.values():
            codes = self.journal.labels(page.id, annotator)
            given = len(codes) - codes.count(UNLABELLED)
            pages.append({"id": page.id, "name": page.name, "given": given, **guesses[page.id]["page"]})
        pages.sort(key=lambda page: -page["doubt"])
        return {
            "model": model, "pages": pages, "training": self.training(), **self.news(annotator, seen), "seen": seen,
        }  # fmt: skip

    def page(self, name: str, annotator: str) -> dict[str, Any]:
        """Return a page's lines with the annotator's labels, the guesses, and others' labels where they differ.

        Raises:
            ValueError: there is no such page.
        """
        page = self.journal.pages.get(name)
        if page is None:
            raise ValueError(f"there is no page {name!r}; reload")
        seen = len(self.journal.changes)  # before the labels, as in state()
        codes = self.journal.labels(name, annotator)
        others = {}
        for other in self.journal.annotators():
            theirs = self.journal.labels(name, other) if other != annotator else codes
            # An unlabelled line keeps its secret: the second label must not be led by the first.
            pairs = enumerate(zip(codes, theirs, strict=True))
            for i, (own, their) in pairs:
                if UNLABELLED not in (own, their) and own != their:
                    others[i] = f"{other}: {their}"
        with self._lock:
            guess = self._guesses[name]
        return {"id": name, "name": page.name, "lines": page.lines, "codes": codes, "others": others, "seen": seen,
                "guesses": guess["codes"], "confidence": guess["confidence"]}  # fmt: skip

    def news(self, annotator: str, seen: int) -> dict[str, Any]:
        """Return the annotator's changes after number ``seen``, up to the new ``seen``, and how far all agree."""
        seen = max(seen, 0)
        changes = self.journal.changes[seen:]
        others = [name for name in self.journal.annotators() if name != annotator]
        return {
            "annotator": annotator,
            "since": seen,
            "seen": seen + len(changes),
            "changes": [asdict(change) for change in changes if change.annotator == annotator],
            "agreement": [asdict(self.journal.agreement(annotator, other)) for other in others],
        }

    def label(self, request: Mapping[str, Any]) -> Change:
        """Do what the page asks for; errors as :meth:`Journal.change`."""
        page, annotator, start, codes = (request.get(key) for key in ("page", "annotator", "start", "codes"))
        if not (isinstance(page, str) and isinstance(annotator, str) and isinstance(codes, str) and type(start) is int):
            raise ValueError("a change needs page, annotator, start and codes")
        return self.journal.change(page, annotator, start, codes)

    def training(self) -> dict[str, Any]:
        """Return how retraining stands: ``state`` idle, running, done or failed, ``message`` and ``report``."""
        with self._lock:
            return dict(self._training)

    def train(self) -> None:
        """Start to retrain from the labels so far, unless that is going on.

        Raises:
            ValueError: the trainer is not installed.
        """
        with self._lock:
            if self._training["missing"]:
                raise ValueError(_NO_TRAINER)
            if self._training["state"] == "running":
                return
            self._training = {"state": "running", "missing": ""}
        threading.Thread(target=self._train, daemon=True).start()

    def _train(self) -> None:
        folder = self.journal.folder.resolve()
        out, report = folder / "own.noiseclf", folder / "adapting.json"
        command = [sys.executable, "-m", "training.train", "--corpus", str(folder), "--out", str(out), "--report", str(report)]
        command += ["--base", str(Path(self.base).resolve()) if self.base else "shipped"]
        root = Path(str(_trainer())).parents[1]
        try:
            run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
            if run.returncode:
                last = run.stderr.strip().split("\n")[-1].removeprefix("train: ")
                raise ValueError(last or f"the trainer ended with status {run.returncode}")
            made = json.loads(report.read_text(encoding="utf-8"))
            self._guess(load(out), out.name)
            found = {"state": "done", "missing": "", "report": made, "model": str(out)}
        except (OSError, ValueError, ModelError) as error:
            found = {"state": "failed", "missing": "", "message": str(error)}
        with self._lock:
            self._training = found


def _guesses(classifier: NoiseClassifier, page: OwnPage) -> dict[str, Any]:
    found = _classified(classifier, page).lines
    codes = "".join(UNLABELLED if line.label is None else CODES[LABELS.index(line.label)] for line in found)
    sure = [round(line.confidence, 3) for line in found]
    shown = [line.confidence for line in found if line.label is not None]
    doubt = 1 - sum(shown) / len(shown) if shown else 0.0
    return {"codes": codes, "confidence": sure, "page": {"lines": len(shown), "doubt": round(doubt, 4)}}


def _classified(classifier: NoiseClassifier, page: OwnPage) -> Page:
    """Return the page by its HTML, or by its lines alone where it has none, the model knows none, or lines read otherwise."""
    if page.html and "html" in classifier.metadata:
        require_html()
        found = classifier.classify_html(page.html)
        if tuple(line.text for line in found.lines) == page.lines:  # another version may read the HTML otherwise
            return found
    return classifier.classify(page.lines)


def _trainer() -> str | None:
    """Return where the sources' ``training`` package is, None where it or torch is missing."""
    try:
        spec = util.find_spec("training.train")
    except (ImportError, ValueError):
        return None
    needed = all(util.find_spec(name) for name in ("torch", "joblib", "sklearn"))
    return spec.origin if spec is not None and needed and (Path(str(spec.origin)).parents[1] / "data").is_dir() else None


def missing_trainer() -> str:
    """Return why retraining is not to be had here, "" where it is."""
    return "" if _trainer() else _NO_TRAINER


class _Handler(BaseHTTPRequestHandler):
    """Answers one request; ``session`` and ``token`` come from :func:`make_server`."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, session: Session, token: str, *arguments: Any) -> None:
        self.session, self.token = session, token
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if (path := self._allowed()) is None:
            return
        url = urlsplit(path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        annotator = query.get("annotator", self.session.annotator)
        routes: dict[str, Callable[[], Any]] = {
            "api/state": lambda: self.session.state(annotator),
            "api/page": lambda: self.session.page(query.get("id", ""), annotator),
            "api/news": lambda: {**self.session.news(annotator, int(query.get("seen", 0))), "training": self.session.training()},
        }
        if url.path == "":
            self._send(200, "text/html", _page().encode())
        elif url.path in _FILES:
            self._send(200, _FILES[url.path], _asset(url.path).encode())
        elif url.path in routes:
            self._answer(routes[url.path])
        else:
            self._refuse(404, "there is nothing here")

    def do_POST(self) -> None:
        if (path := self._allowed()) is None:
            return
        if self.headers.get("Origin") != f"http://{self.headers.get('Host')}":
            self._refuse(403, "only the page itself may change labels")
            return
        try:
            size = int(self.headers.get("Content-Length", ""))
            if not 0 <= size <= _MAX_BODY or self.headers.get_content_type() != "application/json":
                raise ValueError
            request = json.loads(self.rfile.read(size))
            if not isinstance(request, dict):
                raise ValueError
        except (ValueError, RecursionError):
            self._refuse(400, "the request is no JSON object of moderate size")
            return
        annotator = str(request.get("annotator", ""))
        actions: dict[str, Callable[[], Any]] = {
            "api/label": lambda: self.session.label(request),
            "api/undo": lambda: self.session.journal.undo(annotator),
            "api/train": self.session.train,
        }
        if path not in actions:
            self._refuse(404, "there is nothing here")
            return

        def act() -> dict[str, Any]:
            done = actions[path]()
            seen = request.get("seen")
            news = self.session.news(annotator, seen if type(seen) is int else len(self.session.journal.changes))
            return {"done": asdict(done) if isinstance(done, Change) else None, "training": self.session.training(), **news}

        self._answer(act)

    def _allowed(self) -> str | None:
        """Return the path after the token, or None after refusing a stranger."""
        port = self.connection.getsockname()[1]
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._refuse(403, "this server answers to 127.0.0.1 only")
            return None
        token, slash, path = self.path.removeprefix("/").partition("/")
        if not slash or not hmac.compare_digest(token.encode(), self.token.encode()):
            self._refuse(403, "the address lacks its token; copy it whole from the terminal")
            return None
        return path

    def _answer(self, work: Callable[[], Any]) -> None:
        try:
            body = json.dumps(work()).encode()
        except ValueError as error:
            self._refuse(400, str(error))
        except StreamError as error:
            self._refuse(500, str(error))
        else:
            self._send(200, "application/json", body)

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True  # a body may be left unread
        self._send(status, "application/json", json.dumps({"error": message}).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal shows the address and errors."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Pass over readers that have gone; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def make_server(session: Session, port: int = 0, token: str | None = None) -> tuple[ThreadingHTTPServer, str]:
    """Return a server on 127.0.0.1, any free port for 0, and the address of its page.

    Raises:
        StreamError: the port is taken, or may not be used.
    """
    token = token or secrets.token_urlsafe(24)
    try:
        server = _Server(("127.0.0.1", port), partial(_Handler, session, token))
    except OSError as error:
        raise StreamError(f"port {port} cannot be used ({error.strerror or error}); name another with --port") from None
    return server, f"http://127.0.0.1:{server.socket.getsockname()[1]}/{token}/"


def annotator_here() -> str:
    """Return the name of this machine's user, or "me"."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "me"


def _page() -> str:
    return _asset("label.html").replace("<!--guidelines-->", _asset("guidelines.html"))


def _asset(name: str) -> str:
    return resources.files("noiseclf").joinpath("web", name).read_text(encoding="utf-8")
