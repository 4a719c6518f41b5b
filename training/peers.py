"""Run other extractors on a page's HTML, and tell which of the page's lines they kept.

A peer answers with text, not with lines, so its text is aligned with the page's lines word by word: white space, case,
punctuation and Unicode forms do not count. A line is kept when

1. all its words stand in the peer's text, in page order: one alignment of the whole page, the one that accounts for
   most of the peer's words, so that every word is used once and a line that stands twice must be output twice;
2. or, for lines of four words or more, they stand together elsewhere in the text and no other line has used them;
3. or, again for four words or more, at least 0.8 of them stand in order, in runs of three or more, in the part of the
   text between the line's kept neighbours.

A line of fewer words must be a whole line of the peer's text, or fill one together with its neighbours on the page:
"Home" within a sentence is not the menu's "Home".
"""

from __future__ import annotations

import re
import tarfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.corpus import CorpusError

#: Words from which on a line is known by its words alone.
_KNOWN = 4
#: Share of a line's words that must be found where not all are, and words in a row that count for it.
_SHARE = 0.8
_RUN = 3
#: Scripts without spaces: each character is a word in matching, 2.5 are a word in length.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(f"[{_DENSE}]|[^\\W{_DENSE}]+")
_DENSE_PER_WORD = 2.5
#: What breaks ties between alignments, in words: whole lines, then neighbours, then the later line (a title above its
#: text rather than the same words in the breadcrumb).
_WHOLE, _NEIGHBOUR, _LATER = 0.5, 0.25, 1e-6

#: jusText's stop lists by language; it has none for the rest, which get its documented language-independent mode.
_STOP_LISTS = {
    "af": "Afrikaans", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
    "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "kn": "Kannada", "ko": "Korean", "la": "Latin",
    "lb": "Luxembourgish", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi",
    "ms": "Malay", "mt": "Maltese", "nl": "Dutch", "no": "Norwegian_Bokmal", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian",
    "sv": "Swedish", "ta": "Tamil", "te": "Telugu", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "uz": "Uzbek", "vi": "Vietnamese",
}  # fmt: skip


@dataclass(frozen=True)
class Peer:
    """Another extractor.

    Attributes:
        name: what reports call it.
        package: its distribution on PyPI.
        extract: from HTML and the page's language to the text that the peer keeps.
    """

    name: str
    package: str
    extract: Callable[[str, str], str]

    def version(self) -> str | None:
        """Return the installed version, None where the package is missing."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return None

    def run(self, html: str, lang: str) -> str | None:
        """Return the text that the peer keeps, None where it raises."""
        try:
            return self.extract(html, lang)
        except Exception:  # whatever a peer raises, it has kept nothing
            return None


def each_html(corpus_dir: str | Path, split: str) -> Iterator[tuple[str, bytes]]:
    """Yield the split's pages' ids and HTML from ``html-<split>*.tar.xz`` in ``corpus_dir``, one after the other.

    Raises:
        CorpusError: there is no such archive, or one is damaged.
    """
    corpus_dir = Path(corpus_dir)
    archives = sorted(corpus_dir.glob(f"html-{split}*.tar.xz"))
    if not archives:
        raise CorpusError(f"{corpus_dir} has no html-{split}*.tar.xz: the peers need the pages' HTML")
    for archive in archives:
        try:
            with tarfile.open(archive, "r:xz") as members:
                for member in members:
                    if member.name.endswith(".html") and (file := members.extractfile(member)):
                        yield Path(member.name).stem, file.read()
        except (tarfile.TarError, EOFError, OSError) as error:
            raise CorpusError(f"{archive} cannot be unpacked ({error}): copy it again") from error


def read_html(corpus_dir: str | Path, split: str) -> dict[str, bytes]:
    """Return the HTML of the split's pages by page id; errors as for :func:`each_html`."""
    return dict(each_html(corpus_dir, split))


def decode(html: bytes) -> str:
    """Return the HTML as text: the encoding that its meta tag names, else the one that resiliparse detects."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    return str(bytes_to_str(html, detect_encoding(html, from_html_meta=True) or "utf-8"))


def kept_lines(lines: Sequence[str], text: str) -> npt.NDArray[np.bool_]:
    """Return which of the page's ``lines`` a peer kept whose output is ``text``, shape (len(lines),).

    Lines without anything visible are never kept.
    """
    wanted = [_tokens(line) for line in lines]
    output: list[str] = []
    edges = {0}
    for row in text.split("\n"):
        output += _tokens(row)
        edges.add(len(output))
    starts = _bounded(wanted, _occurrences(wanted, output), edges)
    span = _align(wanted, starts, edges, len(output))
    used = np.zeros(len(output), bool)
    for start, end in span.values():
        used[start:end] = True
    kept = np.zeros(len(lines), bool)
    kept[list(span)] = True
    _keep_elsewhere(wanted, starts, used, kept)
    _keep_parts(wanted, output, span, used, kept)
    return kept


def _tokens(text: str) -> list[str]:
    """Return the folded words of a text; where it has none but is not blank, all its characters as one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _TOKEN.findall(folded) or ["".join(folded.split())] * bool(folded.strip())


def _words(tokens: Sequence[str]) -> float:
    dense = sum(len(token) == 1 and _TOKEN.match(token) is not None and token > "\u0e00" for token in tokens)
    return len(tokens) - dense + dense / _DENSE_PER_WORD


def _occurrences(wanted: Sequence[Sequence[str]], output: Sequence[str]) -> list[list[int]]:
    """Return for each line where in ``output`` its words stand together."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for size in (1, 2):
        for i in range(len(output) - size + 1):
            places[tuple(output[i : i + size])].append(i)
    return [[i for i in places.get(tuple(line[:2]), ()) if output[i : i + len(line)] == line] if line else [] for line in wanted]


def _bounded(wanted: Sequence[Sequence[str]], starts: list[list[int]], edges: set[int]) -> list[list[int]]:
    """Take out short lines' places that neither an edge of an output line nor a neighbour of the page bounds."""
    short = [_words(line) < _KNOWN for line in wanted]
    ends: set[int] = set()
    for i, line in enumerate(wanted):
        if short[i]:
            starts[i] = [s for s in starts[i] if s in edges or s in ends]
        ends = {s + len(line) for s in starts[i]}
    begins: set[int] = set()
    for i in range(len(wanted) - 1, -1, -1):
        if short[i]:
            starts[i] = [s for s in starts[i] if s + len(wanted[i]) in edges or s + len(wanted[i]) in begins]
        begins = set(starts[i])
    return starts


def _align(
    wanted: Sequence[Sequence[str]], starts: Sequence[Sequence[int]], edges: set[int], size: int
) -> dict[int, tuple[int, int]]:
    """Return the span in the output, (start, end), of each line in the best alignment that keeps both orders.

    ``best[p]`` is the value of the best chain of lines so far within the first p words of the output, ``last[p]`` its
    last link; a link is (line, start, end, link before it), and 0 stands for none.
    """
    best, last = np.zeros(size + 1), np.zeros(size + 1, np.int64)
    links: list[tuple[int, int, int, int]] = [(-1, 0, 0, 0)]
    before: dict[int, tuple[float, int]] = {}  # of the page's line before: end → value and link
    position = np.arange(size + 1)
    for i, line in enumerate(wanted):
        ends: dict[int, tuple[float, int]] = {}
        for start in starts[i]:
            end = start + len(line)
            value, link = float(best[start]), int(last[start])
            if start in before and before[start][0] + _NEIGHBOUR >= value:
                value, link = before[start][0] + _NEIGHBOUR, before[start][1]
            ends[end] = value + len(line) + _LATER * i + _WHOLE * (start in edges and end in edges), len(links)
            links.append((i, start, end, link))
        before = ends
        if ends:
            at = np.fromiter(ends, np.int64, len(ends))
            value_at = np.array([value for value, _ in ends.values()])
            better = value_at > best[at]
            best[at[better]] = value_at[better]
            last[at[better]] = np.array([link for _, link in ends.values()])[better]
            top = np.maximum.accumulate(best)
            last = last[np.maximum.accumulate(np.where(best == top, position, 0))]
            best = top
    span = {}
    link = int(last[-1])
    while link:
        i, start, end, link = links[link]
        span[i] = (start, end)
    return span


def _keep_elsewhere(
    wanted: Sequence[Sequence[str]],
    starts: Sequence[Sequence[int]],
    used: npt.NDArray[np.bool_],
    kept: npt.NDArray[np.bool_],
) -> None:
    """Keep the longer lines whose words stand together, unused, out of page order."""
    for i in _open_lines(wanted, kept):
        for start in starts[i]:
            if not used[start : start + len(wanted[i])].any():
                used[start : start + len(wanted[i])] = kept[i] = True
                break


def _keep_parts(
    wanted: Sequence[Sequence[str]],
    output: Sequence[str],
    span: dict[int, tuple[int, int]],
    used: npt.NDArray[np.bool_],
    kept: npt.NDArray[np.bool_],
) -> None:
    """Keep the longer lines most of whose words stand in order, unused, between their neighbours in the alignment."""
    opened = _open_lines(wanted, kept)
    aligned = sorted(span)
    for i in opened:
        place = int(np.searchsorted(aligned, i))
        low = span[aligned[place - 1]][1] if place else 0
        high = span[aligned[place]][0] if place < len(aligned) else len(output)
        gap = [output[p] if not used[p] else "" for p in range(low, high)]
        if (Counter(wanted[i]) & Counter(gap)).total() < _SHARE * len(wanted[i]):
            continue
        matcher = SequenceMatcher(None, wanted[i], gap, autojunk=False)
        runs = [run for run in matcher.get_matching_blocks() if run.size >= _RUN]
        if sum(run.size for run in runs) >= _SHARE * len(wanted[i]):
            kept[i] = True
            for run in runs:
                used[low + run.b : low + run.b + run.size] = True


def _open_lines(wanted: Sequence[Sequence[str]], kept: npt.NDArray[np.bool_]) -> list[int]:
    return [i for i, line in enumerate(wanted) if not kept[i] and _words(line) >= _KNOWN]


def _trafilatura(html: str, lang: str) -> str:
    import trafilatura

    return trafilatura.extract(html, include_comments=False) or ""


def _justext(html: str, lang: str) -> str:
    import justext

    name = _STOP_LISTS.get(lang.split("-")[0])
    if name:
        paragraphs = justext.justext(html, justext.get_stoplist(name))
    else:
        paragraphs = justext.justext(html, frozenset(), stopwords_low=0, stopwords_high=0)
    return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


def _resiliparse(html: str, lang: str) -> str:
    return _plain_text(html, main_content=True, comments=False)


def _readability(html: str, lang: str) -> str:
    from readability import Document

    return _plain_text(Document(html).summary(), main_content=False, comments=True)


def _boilerpy3(html: str, lang: str) -> str:
    from boilerpy3.extractors import ArticleExtractor

    return str(ArticleExtractor().get_content(html))


def _plain_text(html: str, *, main_content: bool, comments: bool) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(html, True, main_content, list_bullets=False, alt_texts=False, comments=comments))


PEERS = (
    Peer("trafilatura", "trafilatura", _trafilatura),
    Peer("resiliparse main content", "resiliparse", _resiliparse),
    Peer("readability-lxml", "readability-lxml", _readability),
    Peer("boilerpy3 article", "boilerpy3", _boilerpy3),
    Peer("jusText", "jusText", _justext),
)
