"""Pages in a real Chromium, Debian's, driven by Playwright. In CI a missing browser fails the tests; elsewhere it skips."""

import os
import shutil
from collections.abc import Iterator

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NARROW, WIDE = {"width": 420, "height": 800}, {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        reason = "needs Chromium and playwright: apt-get install chromium, pip install playwright"
        if os.environ.get("NOISECLF_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium) -> Iterator:
    """Opens tabs; the test fails if a page wrote an error to the console, asked for the network, or threw."""
    contexts, problems = [], []

    def open_tab(address, *, wide=True, dark=False, errors=True):
        context = chromium.new_context(viewport=WIDE if wide else NARROW, color_scheme="dark" if dark else "light")
        contexts.append(context)
        page = context.new_page()
        if errors:
            page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: outside(request.url))
        page.goto(address)
        return page

    def outside(url):
        if not url.startswith(("http://127.0.0.1:", "file://", "data:")):
            problems.append(f"asked for {url}")

    yield open_tab
    for context in contexts:
        context.close()
    assert problems == []
