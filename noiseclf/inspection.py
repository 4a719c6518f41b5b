"""A classified page drawn with its reasons: as one HTML file that needs nothing else, or for a terminal.

Pages are hostile: all their text is escaped, what would turn the line or break it is shown as a sign, and the file's own
policy lets no script or style run but those written here.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from importlib import resources

from noiseclf.explain import Explanation
from noiseclf.labels import LABELS, Label
from noiseclf.page import Line, Page

# Controls, line separators, bidi marks and isolates, what JSON can carry and UTF-8 cannot.
_SIGNS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_COLORS = {Label.CONTENT: "\x1b[32m", Label.NAVIGATION: "\x1b[34m", Label.AD: "\x1b[33m", Label.COMMENT_FORM: "\x1b[35m"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
#: Effects, in log-odds, from which a word is tinted, and tinted strongly.
_TINTS = (0.25, 1.0)
_LONGEST = 4000
#: What a line's markup tells, shown at most.
_MARKS = 7


def visible(text: str) -> str:
    """Return ``text`` with a sign for each character that would break the line, turn it, or not be seen."""
    return _SIGNS.sub(_sign, text.replace("\t", " ").removesuffix("\r"))


def _sign(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        return chr(0x2400 + point)
    return "\ufffd" if 0xD800 <= point < 0xE000 else f"\u2039U+{point:04X}\u203a"


def escaped(text: str) -> str:
    """Return ``text`` for HTML, text or attribute, made :func:`visible`."""
    return html.escape(visible(text[:_LONGEST] + ("…" if len(text) > _LONGEST else "")))


def html_page(page: Page, why: Sequence[Explanation | None], name: str) -> str:
    """Return the HTML of ``page`` under ``name``, with reasons as :func:`noiseclf.explain.explain` gives them, None for none."""
    style, script = _asset("base.css") + _asset("inspect.css"), _asset("inspect.js")
    policy = f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; img-src data:; base-uri 'none'"
    counts = page.counts()
    filters = "".join(
        f'<label class="chip {label.value}"><input type="checkbox" value="{label.value}" checked> '
        f"{label.value} <b>{counts[label]}</b></label>"
        for label in LABELS
    )
    lines = "".join(_line(line, reason, page) for line, reason in zip(page.lines, why, strict=True))
    nothing = '<p class="soft">Nothing is left.</p>'
    cleaned = "".join(f'<p dir="auto">{escaped(text) or "&nbsp;"}</p>' for text in page.text.split("\n")) if page.text else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escaped(name)} – noiseclf</title>\n<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n'
        f'<header><h1 dir="auto">{escaped(name)}</h1>'
        f'<p class="soft">{sum(counts.values())} lines; choose a line to see why it got its label.</p></header>\n'
        f'<form id="filters" aria-label="Lines shown"><fieldset><legend>Labels</legend>{filters}</fieldset>'
        '<label>Surer than <output id="bound">100 %</output> hidden '
        '<input type="range" id="surest" min="30" max="100" value="100"></label>'
        '<button type="button" id="all">Open all</button><span id="shown" role="status" class="soft"></span></form>\n'
        f'<div id="columns"><main aria-label="The page, line by line"><ol>{lines}</ol></main>\n'
        f'<section aria-label="The cleaned text"><h2>Cleaned text</h2>{cleaned or nothing}</section></div>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _line(line: Line, why: Explanation | None, page: Page) -> str:
    number = f'<span class="number">{line.number + 1}</span>'
    if line.label is None:
        return f'<li class="blank">{number}</li>\n'
    chip = f'<span class="chip">{line.label.value} {line.confidence:.0%}</span>'
    head = f'{number}{chip}<span class="text" dir="auto">{escaped(line.text) or "&nbsp;"}</span>'
    return (
        f'<li class="{line.label.value}" id="l{line.number}" data-label="{line.label.value}" data-sure="{line.confidence:.4f}">'
        f"<details><summary>{head}</summary>{_reasons(line, why, page)}</details></li>\n"
    )


def _reasons(line: Line, why: Explanation | None, page: Page) -> str:
    meters = "".join(
        f'<tr><th scope="row">{label.value}</th><td><meter value="{p:.4f}">{p:.1%}</meter></td><td>{p:.1%}</td></tr>'
        for label, p in line.probabilities.items()
    )
    chances = f"<table><caption>Probabilities</caption>{meters}</table>"
    if why is None:
        return f'<div class="why">{chances}</div>'
    parts = [("what its words say", why.all_words), ("its shape", why.shape), ("its place on the page", why.place)]
    parts += [("its markup", why.markup)] if why.markup is not None else []
    effects = "".join(f'<tr><th scope="row">{name}</th><td>{_effect(effect)}</td></tr>' for name, effect in parts)
    marks = "".join(
        f'<tr><th scope="row">{escaped(mark.text)}</th><td>{_effect(mark.effect)}</td></tr>' for mark in why.marks[:_MARKS]
    )
    near = "".join(
        f'<tr><th scope="row"><a href="#l{n.number}">line {n.number + 1}</a> '
        f'<span dir="auto">{escaped(_short_text(page.lines[n.number].text))}</span></th><td>{_effect(n.effect)}</td></tr>'
        for n in why.neighbours
    )
    return (
        f'<div class="why">{chances}'
        f"<table><caption>For and against “{line.label}”, in log-odds</caption>{effects}</table>"
        + (f"<table><caption>What its markup tells</caption>{marks}</table>" if marks else "")
        + f'<div><p class="caption">Word by word</p>{_words(why)}</div>'
        + (f"<table><caption>The other lines that matter most</caption>{near}</table>" if near else "")
        + "</div>"
    )


def _short_text(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _words(why: Explanation) -> str:
    if not why.words:
        return '<p class="soft">Not computed: the page is long.</p>'
    out, at = [], 0
    for word in why.words:
        out.append(escaped(why.seen[at : word.start]))
        strength = sum(abs(word.effect) >= bound for bound in _TINTS)
        kind = ("for" if word.effect > 0 else "against") + str(strength) if strength else "none"
        out.append(f'<span class="{kind}" title="{word.effect:+.2f}">{escaped(word.text)}</span>')
        at = word.end
    out.append(escaped(why.seen[at:]))
    top = sorted(why.words, key=lambda word: -abs(word.effect))[:3]
    spoken = ", ".join(f"<bdi>{escaped(word.text)}</bdi> {_effect(word.effect)}" for word in top if abs(word.effect) >= _TINTS[0])
    return f'<p class="words" dir="auto">{"".join(out)}</p><p class="soft">{spoken or "No single word matters much."}</p>'


def _effect(effect: float) -> str:
    shown = f"{effect:+.2f}".replace("-", "\u2212")
    return f'<span class="{"plus" if effect >= 0 else "minus"}">{shown}</span>'


def _asset(name: str) -> str:
    return resources.files("noiseclf").joinpath("web", name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return what a content security policy calls exactly this inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def terminal_page(page: Page, why: Sequence[Explanation | None], *, color: bool) -> str:
    """Return ``page`` and its reasons for a terminal: each line, and below it what moved its label most."""
    rows = []
    for line, reason in zip(page.lines, why, strict=True):
        if line.label is None:
            rows.append("")
            continue
        paint, dim, plain = (_COLORS[line.label], _DIM, _PLAIN) if color else ("", "", "")
        rows.append(f"{paint}{line.number + 1:>4}  {line.label.value:<12} {line.confidence:.2f}  {visible(line.text)}{plain}")
        if reason is not None:
            rows.append(f"{dim}      {_short(line, reason)}{plain}")
    return "\n".join([*rows, ""]) if rows else ""


def _short(line: Line, why: Explanation) -> str:
    likely = [(label, p) for label, p in line.probabilities.items() if label is not line.label and p >= 0.05]
    others = ", ".join(f"{label.value} {p:.2f}" for label, p in likely)
    words = sorted((w for w in why.words if abs(w.effect) >= _TINTS[0]), key=lambda word: -abs(word.effect))[:4]
    parts = [
        f"words {why.all_words:+.1f}" + "".join(f" {visible(w.text)} {w.effect:+.1f}" for w in words),
        f"shape {why.shape:+.1f}",
        f"place {why.place:+.1f}",
        ""
        if why.markup is None
        else f"markup {why.markup:+.1f}" + "".join(f" {visible(mark.text)} {mark.effect:+.1f}" for mark in why.marks[:3]),
        "lines" + "".join(f" {n.number + 1} {n.effect:+.1f}" for n in why.neighbours[:3]) if why.neighbours else "",
        f"or {others}" if others else "",
    ]
    return " · ".join(part for part in parts if part)
