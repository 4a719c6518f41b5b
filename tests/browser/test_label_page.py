import json
import os
import re
import signal
import subprocess
import sys

import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

ARABIC = "تأخرت العبارة إلى الجزيرة مرة أخرى يوم الاثنين."
PAGES = {
    "sure.txt": f"{NAVIGATION}\n\n{CONTENT}\n{AD}\n{COMMENT_FORM}\n",
    "odd.txt": f"{ARABIC}\nqqq\nzzz xxx\n<script>document.title = 'broken'</script>\n\u202eabc\u202c\n",
}


class Served:
    """A labelling server in a process of its own."""

    def __init__(self, folder, model, *files):
        command = [sys.executable, "-m", "noiseclf", "label", *files, "-o", "mine", "--model", str(model)]
        self.process = subprocess.Popen(
            [*command, "--annotator", "Ann", "--no-browser"], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        self.address = re.search(r"http://\S+", self.process.stdout.readline())[0]

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def serve(tmp_path, tiny_model):
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    running = []

    def serve(*files):
        running.append(Served(tmp_path, tiny_model, *files))
        return running[-1]

    yield serve
    for served in running:
        served.kill()


def chips(page):
    return page.locator("#lines .chip").all_inner_texts()


def saved(page):
    page.locator("#saved", has_text="All changes saved").wait_for()


def open_page(page, name):
    page.locator("#pages button", has_text=name).click()
    page.locator("#page-name", has_text=name).wait_for()
    saved(page)


def slow(page, milliseconds):
    """Let each answer that ``page`` gets take so long, as on a busy machine."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    throughput = {"downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": milliseconds, **throughput})


def training(tmp_path):
    return {r["id"].split("#")[0]: r["labels"] for r in map(json.loads, (tmp_path / "mine/train.jsonl").read_text().splitlines())}


def test_labels_given_by_keys_outlive_reload_and_kill(serve, tab, tmp_path):
    first = serve(*PAGES)
    page = tab(first.address, errors=False)  # a killed server is an error to the console
    saved(page)
    assert page.locator("#pages .name").first.inner_text() == "odd.txt"  # least certain first
    open_page(page, "sure.txt")
    for key in "ncaf":
        page.keyboard.press(key)
    saved(page)
    assert chips(page) == ["navigation", "", "content", "ad", "form"]
    assert training(tmp_path) == {"sure.txt": "N?CAF"}
    page.reload()
    saved(page)
    assert chips(page) == ["navigation", "", "content", "ad", "form"]

    page.keyboard.press("Home")
    page.keyboard.press("m")
    saved(page)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    page.keyboard.press("u")
    page.locator("#saved.failed", has_text="1 change is NOT saved").wait_for()

    again = tab(serve().address)  # the folder alone: the journal holds the pages
    saved(again)
    open_page(again, "sure.txt")
    assert chips(again) == ["about the text", "", "content", "ad", "form"]
    again.keyboard.press("z")
    saved(again)
    assert chips(again)[0] == "navigation"
    assert training(tmp_path) == {"sure.txt": "N?CAF"}


def test_a_drag_labels_a_range_and_undo_takes_it_back(serve, tab):
    page = tab(serve("sure.txt").address)
    saved(page)
    first, last = page.locator("#lines li").nth(0).bounding_box(), page.locator("#lines li").nth(3).bounding_box()
    page.mouse.move(first["x"] + 300, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + 300, last["y"] + 5, steps=5)
    page.mouse.up()
    assert page.locator('#lines [aria-selected="true"]').count() == 4
    page.keyboard.press("n")
    saved(page)
    assert chips(page)[:4] == ["navigation", "", "navigation", "navigation"]
    assert page.locator("#spoken").inner_text() == "3 lines: navigation. Saved."
    page.keyboard.press("Control+z")
    saved(page)
    assert page.locator("#lines .given").count() == 0
    page.keyboard.press("Shift+G")
    saved(page)
    assert chips(page) == ["navigation", "", "content", "ad", "form"]


def test_two_tabs_lose_nothing_and_see_each_other(serve, tab):
    served = serve("sure.txt")
    one, two = tab(served.address), tab(served.address)
    saved(one)
    saved(two)
    one.keyboard.press("n")
    two.keyboard.press("End")
    two.keyboard.press("u")
    for page in (one, two):
        page.locator("#lines li:nth-child(1).given.navigation").wait_for()
        page.locator("#lines li:nth-child(5).given.visitor").wait_for()


def test_a_second_annotator_starts_blind_and_the_agreement_is_shown(serve, tab):
    page = tab(serve("sure.txt").address)
    saved(page)
    for key in "ncaf":
        page.keyboard.press(key)
    saved(page)
    page.locator("#annotator").fill("Bea")
    page.locator("#annotator").press("Enter")
    page.locator("#lines .guess").first.wait_for()
    assert page.locator("#lines .given").count() == 0
    page.locator("#lines").focus()
    for key in "nnaf":
        page.keyboard.press(key)
    page.locator("#agreement", has_text="With Ann: 3 of 4 shared lines alike, Cohen’s κ 0.67").wait_for()
    page.reload()
    page.locator("#lines .differs", has_text="Ann: C").wait_for()


def test_hostile_text_is_only_text_and_arabic_runs_from_the_right(serve, tab):
    page = tab(serve("odd.txt").address)
    saved(page)
    assert page.title().startswith("Label pages")
    assert page.locator("#lines .text").nth(3).inner_text() == PAGES["odd.txt"].split("\n")[3]
    direction = "e => getComputedStyle(e).direction"
    assert page.locator("#lines .text").nth(0).evaluate(direction) == "rtl"
    assert page.locator("#lines .text").nth(1).evaluate(direction) == "ltr"
    assert "\u202e" not in page.locator("#lines").inner_text()


def test_the_guidelines_and_the_pages_can_be_reached_by_keyboard(serve, tab):
    page = tab(serve(*PAGES).address, wide=False, dark=True)
    saved(page)
    page.keyboard.press("?")
    page.get_by_role("dialog", name="How to label").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    page.locator("#page-name", has_text="sure.txt").wait_for()
    saved(page)
    option = page.get_by_role("option").nth(2)
    active = page.get_by_role("listbox").get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowDown")
    assert active == "line-0"
    assert page.get_by_role("listbox").get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert option.get_attribute("aria-selected") == "true"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_retraining_from_the_page_shows_the_gain_and_brings_new_guesses(serve, tab, tmp_path):
    page = tab(serve(*PAGES).address)
    saved(page)
    page.locator("#retrain").click()
    page.locator("#training", has_text="Retraining failed: ").wait_for(timeout=200_000)
    assert "has neither train.jsonl.gz nor train.jsonl" in page.locator("#training").inner_text()
    page.keyboard.press("Shift+G")
    page.keyboard.press("]")
    page.locator("#page-name", has_text="sure.txt").wait_for()
    page.keyboard.press("Shift+G")
    saved(page)
    page.locator("#retrain").click()
    page.locator("#training", has_text="Retrained").wait_for(timeout=400_000)
    assert re.search(r"\(2\): content F1 \d\.\d+ → \d\.\d+, macro-F1 \d\.\d+ → \d", page.locator("#training").inner_text())
    assert (tmp_path / "mine/own.noiseclf").stat().st_size > 1000
    saved(page)


def test_progress_counts_changes_of_pages_that_are_not_open_and_buttons_keep_their_keys(serve, tab):
    served = serve(*PAGES)
    one, two = tab(served.address), tab(served.address)
    saved(one)
    saved(two)
    open_page(one, "sure.txt")
    open_page(two, "odd.txt")
    one.keyboard.press("Shift+G")
    saved(one)
    two.locator("#pages button", has_text="sure.txt").locator(".soft", has_text="4 of 4 lines").wait_for()
    two.locator("#pages-count", has_text="1 of 2 done").wait_for()
    two.locator("#pages button", has_text="odd.txt").focus()
    two.keyboard.press("c")
    assert two.locator("#lines .given").count() == 0
    two.keyboard.press("Enter")
    saved(two)
    two.keyboard.press("c")
    two.locator("#lines li:first-child.given.content").wait_for()


def test_keys_wait_for_the_page_that_was_asked_for(serve, tab, tmp_path):
    page = tab(serve(*PAGES).address)
    saved(page)
    slow(page, 700)
    page.locator("#pages button", has_text="odd.txt").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("c")
    page.locator("#lines li:first-child.given.content").wait_for()
    page.keyboard.press("]")
    page.keyboard.press("n")  # of the page that comes, not of the one that goes
    page.locator("#page-name", has_text="sure.txt").wait_for()
    page.locator("#lines li:first-child.given.navigation").wait_for()
    saved(page)
    assert training(tmp_path) == {"odd.txt": "C????", "sure.txt": "N????"}


def test_the_page_that_was_asked_for_last_is_the_one_that_opens(serve, tab):
    page = tab(serve(*PAGES).address)
    saved(page)
    held = []
    page.route("**/api/page?*sure.txt*", lambda route: held.append(route), times=1)
    open_page(page, "odd.txt")
    page.locator("#pages button", has_text="sure.txt").click()
    page.locator("#pages button", has_text="odd.txt").click()
    page.locator("#page-name", has_text="odd.txt").wait_for()
    with page.expect_response("**/api/page?*sure.txt*"):
        held[0].continue_()
    page.evaluate("new Promise((done) => setTimeout(done))")
    assert page.locator("#page-name").inner_text() == "odd.txt"


def test_a_change_made_while_its_page_was_opening_is_seen(serve, tab):
    served = serve(*PAGES)
    one, two = tab(served.address), tab(served.address)
    saved(one)
    saved(two)
    open_page(one, "sure.txt")
    open_page(two, "odd.txt")
    held = []
    two.route("**/api/page?*sure.txt*", lambda route: held.append((route, route.fetch())), times=1)
    two.locator("#pages button", has_text="sure.txt").click()
    while not held:
        two.wait_for_timeout(20)
    one.keyboard.press("n")
    saved(one)
    two.locator("#pages button", has_text="sure.txt").locator(".soft", has_text="1 of 4 lines").wait_for()
    route, answer = held[0]  # from before that change
    route.fulfill(response=answer)
    two.locator("#lines li:first-child.given.navigation").wait_for()


def test_a_list_of_pages_drawn_anew_keeps_the_focus(serve, tab):
    served = serve(*PAGES)
    one, two = tab(served.address), tab(served.address)
    saved(one)
    saved(two)
    open_page(one, "sure.txt")
    open_page(two, "odd.txt")
    two.locator("#pages button", has_text="odd.txt").focus()
    one.keyboard.press("n")
    two.locator("#pages button", has_text="sure.txt").locator(".soft", has_text="1 of 4 lines").wait_for()
    assert two.evaluate("document.activeElement.textContent").strip().startswith("odd.txt")


def test_changes_on_their_way_stay_their_annotators(serve, tab, tmp_path):
    page = tab(serve("sure.txt").address)
    saved(page)
    slow(page, 700)
    for key in "nca":
        page.keyboard.press(key)
    page.locator("#annotator").fill("Bea")
    page.locator("#annotator").press("Enter")
    saved(page)
    page.locator("#lines .guess").first.wait_for()
    assert page.locator("#lines .given").count() == 0
    rows = map(json.loads, (tmp_path / "mine/journal.jsonl").read_text().splitlines())
    assert [row["annotator"] for row in rows if "annotator" in row] == ["Ann"] * 3
