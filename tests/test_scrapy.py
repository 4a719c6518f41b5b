import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sites

import noiseclf

pytest.importorskip("scrapy", reason="needs noiseclf[scrapy]")
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from noiseclf.scrapy import NoiseclfPipeline

SPIDER = """
import scrapy
from scrapy.crawler import CrawlerProcess


class Site(scrapy.Spider):
    name = "site"

    def parse(self, response):
        lines = response.css("li ::text, p::text").getall()
        body = response.text if self.settings.getbool("NOISECLF_HTML") else "\\n".join(lines)
        yield {"url": response.url, "text": body}
        yield from response.follow_all(css="nav a", callback=self.parse)


process = CrawlerProcess(settings={
    "ITEM_PIPELINES": {"noiseclf.scrapy.NoiseclfPipeline": 300},
    "FEEDS": {"items.jsonl": {"format": "jsonlines"}},
    "STATS_CLASS": "spider.Stats",
    "LOG_LEVEL": "WARNING",
    **SETTINGS,
})
process.crawl(Site, start_urls=[URL])
process.start()
"""
STATS = """
import json
from scrapy.statscollectors import MemoryStatsCollector


class Stats(MemoryStatsCollector):
    def _persist_stats(self, stats):
        json.dump({k: v for k, v in stats.items() if k.startswith("noiseclf/")}, open("stats.json", "w"))
"""


@pytest.fixture
def site(tmp_path):
    """The address of a site of four pages that link to each other."""
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(4):
        (folder / str(number)).write_text(sites.html(number), encoding="utf-8")

    class Handler(SimpleHTTPRequestHandler):
        def guess_type(self, path):
            return "text/html; charset=utf-8"

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/0"
    server.shutdown()
    server.server_close()


def crawl(folder, url, **settings):
    """Crawl the site in a process of its own and return its items, by URL, and noiseclf's stats."""
    (folder / "spider.py").write_text(STATS)
    (folder / "crawl.py").write_text(f"SETTINGS = {settings!r}\nURL = {url!r}\n{SPIDER}")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    result = subprocess.run(
        [sys.executable, "crawl.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stderr == ""
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]
    return {item["url"][-1]: item for item in items}, json.loads((folder / "stats.json").read_text())


def test_a_crawl_of_a_site_gives_clean_text_and_counts(tmp_path, site):
    items, stats = crawl(tmp_path, site)
    assert sorted(items) == ["0", "1", "2", "3"]
    for number, item in items.items():
        text = "\n".join([*sites.NAVIGATION, *sites.page(int(number)).split("\n")[4:-2], sites.COMMENT_FORM[1]])
        assert item["text"] == noiseclf.clean(text)
        assert sites.CONTENT[0] in item["text"]
        assert "Home" not in item["text"].split("\n")
    pages = 5  # the first one twice: where a crawl starts it does not count as seen
    assert stats["noiseclf/pages"] == pages
    assert stats["noiseclf/lines_kept"] + stats["noiseclf/lines_dropped"] == pages * 10
    assert stats["noiseclf/lines_dropped"] == sum(stats[f"noiseclf/lines_dropped/{label}"] for label in noiseclf.NOISE)


def test_a_crawl_with_html_labels_and_fields_of_choice(tmp_path, site):
    settings = {"NOISECLF_OUTPUT_FIELD": "clean", "NOISECLF_LABELS_FIELD": "lines", "NOISECLF_HTML": True}
    items, _ = crawl(tmp_path, site, **settings)
    for number, item in items.items():
        assert item["clean"] == noiseclf.clean_html(sites.html(int(number)))
        assert sites.CONTENT[0] in item["clean"]
        assert {line["label"] for line in item["lines"]} >= {"content", "navigation"}
        assert "<nav>" in item["text"]


def pipeline(**settings):
    return NoiseclfPipeline.from_crawler(get_crawler(settings_dict=settings))


def test_settings_say_which_fields_and_what_to_drop():
    made = pipeline(
        NOISECLF_FIELD="body", NOISECLF_OUTPUT_FIELD="clean", NOISECLF_DROP="comment_form,ad", NOISECLF_LABELS_FIELD="l"
    )
    item = made.process_item({"body": sites.page(1), "other": 1})
    assert item["body"] == sites.page(1)
    assert item["clean"] == noiseclf.clean(sites.page(1), drop={"comment_form", "ad"})
    assert item["other"] == 1
    assert [line["text"] for line in item["l"]] == sites.page(1).split("\n")
    assert set(item["l"][0]) == {"text", "label", "confidence"}


def test_items_without_a_page_pass_and_are_counted():
    crawler = get_crawler()
    made = NoiseclfPipeline.from_crawler(crawler)
    for item in ({}, {"text": None}, {"text": b"x"}):
        assert made.process_item(dict(item)) == item
    assert crawler.stats.get_value("noiseclf/items_without_page") == 3


def test_it_can_be_switched_off():
    with pytest.raises(NotConfigured, match="NOISECLF_ENABLED is false"):
        pipeline(NOISECLF_ENABLED=False)


def test_a_label_that_is_none_is_told():
    with pytest.raises(ValueError, match="the setting NOISECLF_DROP is wrong: drop holds something else than the labels"):
        pipeline(NOISECLF_DROP=["menu"])
