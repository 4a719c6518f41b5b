from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polib
import pytest

from training import catalogues, train
from training.catalogue_sources import SOURCES, Catalogue, Source, rules
from training.catalogues import CatalogueError, Collected, Message
from training.corpus import KINDS, SLOTS, CorpusError, Phrase, held_out, read_catalogues

RULES = rules("""
F form_heading
    Leave a Reply to %s -> name
    noun|Comment
F comment_count
    %d comment
N menu
    Home
    menu.home
    home
N search
    search.results
    results
""")
PO = r"(?P<lang>\w+)/django\.po"


def wheel(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return buffer.getvalue()


def tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as bundle:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            bundle.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def debian(files: dict[str, bytes]) -> bytes:
    parts = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": tar(files, "w:xz")}
    made = b"!<arch>\n"
    for name, data in parts.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return made


def gettext(*entries: polib.POEntry) -> polib.POFile:
    file = polib.POFile()
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    file.extend(entries)
    return file


def source(data: bytes, *found: Catalogue, package: str = "odd", inner: str = "") -> Source:
    return Source("pypi", package, "1.0", hashlib.sha256(data).hexdigest(), "MIT", found, inner)


def read(data: bytes, catalogue: Catalogue) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(m.lang, m.key, m.texts) for m in catalogues.messages(data, catalogue)]


def phrases(data: bytes, catalogue: Catalogue) -> set[tuple[str, str, str, str]]:
    found = list(catalogues.messages(data, catalogue))
    return {(c.lang, c.label, c.kind, c.text) for c in catalogues.strings(source(data, catalogue), catalogue, found)}


# Formats


def test_a_po_file_gives_translated_plural_and_contextual_messages_but_no_fuzzy_one() -> None:
    file = gettext(
        polib.POEntry(msgid="Leave a Reply to %s", msgstr="Antwort an %s"),
        polib.POEntry(msgid="%d comment", msgid_plural="%d comments", msgstr_plural={0: "%d Kommentar", 1: "%d Kommentare"}),
        polib.POEntry(msgid="Comment", msgctxt="noun", msgstr="Kommentar"),
        polib.POEntry(msgid="Comment", msgstr="Kommentieren"),
        polib.POEntry(msgid="Home", msgstr="Heim", flags=["fuzzy"]),
    )
    data = wheel({"de/django.po": str(file).encode()})
    assert phrases(data, Catalogue(PO, "gettext", RULES)) == {
        ("de", "F", "form_heading", "Antwort an {name}"),
        ("de", "F", "comment_count", "{n} Kommentar"),
        ("de", "F", "comment_count", "{n} Kommentare"),
        ("de", "F", "form_heading", "Kommentar"),
        ("en", "F", "form_heading", "Leave a Reply to {name}"),
        ("en", "F", "comment_count", "{n} comment"),
        ("en", "F", "form_heading", "Comment"),
    }


def test_a_mo_file_is_read_like_a_po_file(tmp_path: Path) -> None:
    file = gettext(polib.POEntry(msgid="Home", msgstr="Startseite"), polib.POEntry(msgid="Other", msgstr="Anderes"))
    file.metadata["PO-Revision-Date"] = "2013-05-01 12:00:46"  # as WordPress writes it; some readers choke on it
    file.save_as_mofile(str(tmp_path / "de.mo"))
    data = debian({"./usr/lib/de.mo": (tmp_path / "de.mo").read_bytes()})
    assert read(data, Catalogue(r"usr/lib/(?P<lang>\w+)\.mo", "gettext", RULES)) == [("de", "Home", ("Startseite",))]


def test_english_in_a_comment_stands_for_a_symbolic_id() -> None:
    entry = polib.POEntry(msgid="home", msgstr="Startseite", comment='Default: "Home"')
    data = wheel({"de/django.po": str(gettext(entry)).encode()})
    found = phrases(data, Catalogue(PO, "gettext", RULES))
    assert found == {("de", "N", "menu", "Startseite"), ("en", "N", "menu", "Home")}


def test_keys_of_json_and_yaml_are_paths() -> None:
    tree = {"menu": {"home": "Inicio", "odd": 3}, "search.results": "Resultados", "list": ["x"]}
    files = {"a/es.json": json.dumps(tree).encode(), "a/fr.yml": b"menu:\n  home: Accueil\n"}
    assert read(tar(files), Catalogue(r"a/(?P<lang>\w+)\.json", "json", RULES)) == [
        ("es", "menu.home", ("Inicio",)),
        ("es", "search.results", ("Resultados",)),
    ]
    assert read(tar(files), Catalogue(r"a/(?P<lang>\w+)\.yml", "yaml", RULES)) == [("fr", "menu.home", ("Accueil",))]


def test_pairs_are_found_in_scripts_with_any_quotes_and_escapes() -> None:
    script = r"""module.exports = {home: "R\u00e9sum\xe9 \"x\"", 'menu.home': 'C\'est', "search.results": `deux
lignes`, results: 3, other: "x"};"""
    assert read(tar({"fr.js": script.encode()}), Catalogue(r"(?P<lang>\w+)\.js", "pairs", RULES)) == [
        ("fr", "home", ('Résumé "x"',)),
        ("fr", "menu.home", ("C'est",)),
        ("fr", "search.results", ("deux\nlignes",)),
    ]


def test_php_arrays_and_literals_by_language_are_read() -> None:
    files = {
        "de/lang.php": b"$lang['home']   = 'Start\\'seite';\n$lang['js']['results'] = 'x';",
        "facebook.js": b"name: 'f', home: {\n de: 'Teilen',\n 'pt-br': \"Enviar\" }, other: {de: 'x'}",
    }
    assert read(tar(files), Catalogue(r"(?P<lang>\w+)/lang\.php", "php", RULES)) == [("de", "home", ("Start'seite",))]
    found = read(tar(files), Catalogue(r"facebook\.js", "by_language", RULES))
    assert found == [("de", "home", ("Teilen",)), ("pt-br", "home", ("Enviar",))]


def test_a_broken_catalogue_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"^es\.json cannot be read as json .*mend"):
        read(tar({"es.json": b"{"}), Catalogue(r"(?P<lang>\w+)\.json", "json", RULES))


def test_english_is_that_of_the_english_file_where_ids_are_keys() -> None:
    files = {"en.json": b'{"home": "Home"}', "de.json": b'{"home": "Startseite"}', "fr.json": b'{"home": "home"}'}
    found = phrases(tar(files), Catalogue(r"(?P<lang>\w+)\.json", "json", RULES, english="en"))
    assert found == {("en", "N", "menu", "Home"), ("de", "N", "menu", "Startseite")}


def test_plural_forms_in_one_message_are_told_apart() -> None:
    files = {"de.json": b'{"results": "Ein Treffer|{count} Treffer"}'}
    found = phrases(tar(files), Catalogue(r"(?P<lang>\w+)\.json", "json", RULES, english="en", plural="|"))
    assert {text for *_, text in found} == {"Ein Treffer", "{n} Treffer"}
    files = {"de.json": b'{"results": "{{PLURAL:$1|1=ein Treffer|$1 Treffer}} bei {{GENDER:$2|ihm|ihr}}"}'}
    wiki = rules("N search\n    results -> n\n")
    found = phrases(tar(files), Catalogue(r"(?P<lang>\w+)\.json", "json", wiki, english="en"))
    assert {text for *_, text in found} == {"ein Treffer bei ihm", "{n} Treffer bei ihr"}


def test_a_translation_that_lost_its_slot_is_left_out() -> None:
    file = gettext(polib.POEntry(msgid="Leave a Reply to %s", msgstr="Auswählen"))
    found = phrases(wheel({"de/django.po": str(file).encode()}), Catalogue(PO, "gettext", RULES))
    assert {lang for lang, *_ in found} == {"en"}


# Strings


@pytest.mark.parametrize(
    ("text", "slots", "wanted"),
    [
        ("<strong>ERROR</strong>:  please&nbsp;wait&hellip;", (), "ERROR: please wait…"),
        ("One<br />two", (), "One two"),
        ("%(count)s of %(site_name)s", (), "{n} of {site}"),
        ("{amount} comments on {postTitle}", (), "{n} comments on {title}"),
        ("${term}: %{counts} of {{ n }}", (), "{title}: {n} of {n}"),
        ("%d%% at %s by %s", ("time", "name"), "{n}% at {time} by {name}"),
        ("%2$s, page %1$s", ("n", "title"), "{title}, page {n}"),
        ("$1 at $2 on {{SITENAME}}", ("date", "time"), "{date} at {time} on {site}"),
        ("{0} and {1}", ("name", "n"), "{name} and {n}"),
        ("under $1", ("CC BY-SA",), "under CC BY-SA"),
        ("by %s", (), ""),
        ("%(basket)s", (), ""),
        ("{n}", (), ""),
        ("see [[Help:Page]]", (), ""),
        ("a {{templ|x}}", (), ""),
        ("x" * 201, (), ""),
        ("  ", (), ""),
    ],
)
def test_a_message_becomes_a_phrase_with_slots_or_nothing(text: str, slots: Sequence[str], wanted: str) -> None:
    assert catalogues.clean(text, slots) == wanted


@pytest.mark.parametrize(
    ("code", "text", "wanted"),
    [
        ("pt_BR", "x", "pt"), ("pt-PT", "x", "pt"), ("es_419", "x", "es"), ("de_DE", "x", "de"), ("be-tarask", "x", "be"),
        ("nb_NO", "x", "no"), ("nn", "x", "no"), ("zh_CN", "x", "zh"), ("zh-Hans", "x", "zh"), ("zh_TW", "x", "zh-Hant"),
        ("zh-Hant", "x", "zh-Hant"), ("zh_HK", "x", "zh-Hant"), ("sr@latin", "Početna", "sr-Latn"), ("sr", "Почетна", "sr"),
        ("sr", "Početna", "sr-Latn"), ("iw", "x", "he"), ("vn", "x", "vi"), ("kz", "x", "kk"), ("fil", "x", "tl"),
        ("ca@valencia", "x", "ca"), ("tg-cyrl", "x", "tg"), ("ku", "گەڕان", "ckb"), ("ku-latn", "x", "ku"),
        ("en_GB", "x", ""), ("base", "x", "en"), ("roa-tara", "x", ""), ("kk-arab", "x", ""), ("../x", "x", ""),
    ],
)  # fmt: skip
def test_language_codes_are_the_corpus_s(code: str, text: str, wanted: str) -> None:
    assert catalogues.language(code, text) == wanted


def collected(*rows: tuple[str, str, str, str]) -> list[Collected]:
    return [Collected(lang, text, label, sorted(KINDS[label])[0], package) for lang, text, label, package in rows]


def settled(*rows: tuple[str, str, str, str]) -> list[tuple[str, str, str]]:
    return [(c.lang, c.label, c.text) for c in catalogues.settle(collected(*rows), {"de", "en", "fr"})]


def test_a_string_stands_once_but_its_cases_stay() -> None:
    rows = settled(("de", "Suche", "N", "a"), ("de", "Suche", "N", "b"), ("de", "suche", "N", "b"), ("fr", "Suche", "N", "a"))
    assert rows == [("de", "N", "Suche"), ("de", "N", "suche"), ("fr", "N", "Suche")]


def test_a_string_of_two_classes_is_left_out_unless_most_agree() -> None:
    assert settled(("de", "Ändern", "F", "a"), ("de", "ändern", "N", "b")) == []
    rows = settled(*[("de", "Name", "F", p) for p in "abc"], ("de", "Name", "A", "d"), ("fr", "Name", "A", "a"))
    assert rows == [("de", "F", "Name"), ("fr", "A", "Name")]


def test_what_was_left_in_english_is_left_out() -> None:
    assert settled(("en", "Log in", "N", "a"), ("de", "log in", "N", "b")) == [("en", "N", "Log in")]


def test_a_language_of_which_we_have_no_phrases_needs_forms() -> None:
    few = [("xx", f"w{i}", "N", "a") for i in range(99)]
    assert settled(*few) == []
    assert len(settled(*few, *[("xx", f"f{i}", "F", "b") for i in range(10)])) == 109


# Packages


@pytest.mark.parametrize("pack", [wheel, tar, debian])
@pytest.mark.parametrize("name", ["../de/django.po", "de/../../django.po", "/de/django.po"])
def test_a_package_with_a_path_that_leaves_it_is_refused(pack: Callable[[dict[str, bytes]], bytes], name: str) -> None:
    with pytest.raises(CatalogueError, match="outside its own folder"):
        list(catalogues.members(pack({name: b""}), re.compile(".*")))


def test_links_and_folders_of_a_package_are_passed_over() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        for kind in (tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("de.po")
            member.type, member.linkname = kind, "/etc/passwd"
            bundle.addfile(member)
    assert list(catalogues.members(buffer.getvalue(), re.compile(".*"))) == []


@pytest.mark.parametrize("pack", [wheel, tar])
def test_a_huge_file_is_refused(pack: Callable[[dict[str, bytes]], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "_LARGEST_FILE", 10)
    assert list(catalogues.members(pack({"a": b"x" * 11}), re.compile("b"))) == []
    with pytest.raises(CatalogueError, match="over"):
        list(catalogues.members(pack({"a": b"x" * 11}), re.compile("a")))


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4odd", b"!<arch>\nodd", tar({"a": b"x"})[:30]], ids=["empty", "zip", "debian", "tar"]
)
def test_a_broken_package_is_one_sentence(data: bytes) -> None:
    with pytest.raises(CatalogueError, match=r"the (Debian )?package"):
        list(catalogues.members(data, re.compile(".*")))


def test_catalogues_may_lie_in_a_package_inside_the_package() -> None:
    file = str(gettext(polib.POEntry(msgid="Home", msgstr="Startseite"))).encode()
    data = tar({"package/inner.tgz": tar({"de/django.po": file})})
    odd = source(data, Catalogue(PO, "gettext", rules("N menu\n    Home\n    Away")), inner=r"package/inner\.tgz")
    found, idle = catalogues.collect([odd], {"odd": data}, {"de", "en"})
    assert [(c.lang, c.text) for c in found] == [("de", "Startseite"), ("en", "Home")]
    assert idle == ["odd: Away"]


class Client:
    """Stands in for pip, npm and apt-get: writes ``data`` into the folder it is called in, or fails."""

    def __init__(self, data: bytes, code: int = 0, stderr: str = "") -> None:
        self.data, self.code, self.stderr = data, code, stderr
        self.calls: list[list[str]] = []

    def __call__(self, command: list[str], *, cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if not self.code:
            (cwd / "odd-1.0.archive").write_bytes(self.data)
        return subprocess.CompletedProcess(command, self.code, "", self.stderr)


def test_a_package_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(b"data")
    monkeypatch.setattr(catalogues.subprocess, "run", client)
    assert [catalogues.fetch(source(b"data"), tmp_path / "cache") for _ in range(2)] == [b"data", b"data"]
    assert len(client.calls) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_another_package_than_the_pinned_one_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues.subprocess, "run", Client(b"other"))
    with pytest.raises(CatalogueError, match="not the pinned"):
        catalogues.fetch(source(b"data"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_network_one_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogues, "SOURCES", (source(b"data"),))
    monkeypatch.setattr(catalogues.subprocess, "run", Client(b"", 1, "trace\nERROR: no route to host\nERROR: more\n"))
    arguments = ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    assert catalogues.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "odd=1.0 cannot be downloaded (ERROR: no route to host)" in said
    assert "WITHOUT=odd" in said
    assert not (tmp_path / "out").exists()
    assert catalogues.main([*arguments, "--without", "odd"]) == 0


@pytest.mark.parametrize(
    ("error", "wanted"),
    [(FileNotFoundError(), "is not installed"), (subprocess.TimeoutExpired("pip", 1), "did not come within")],
)
def test_a_missing_or_hanging_client_is_one_sentence(
    error: Exception, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(catalogues.subprocess, "run", run)
    with pytest.raises(CatalogueError, match=wanted):
        catalogues.fetch(source(b"data"), tmp_path)


# Files


def test_files_are_phrases_and_stale_ones_go(tmp_path: Path) -> None:
    out = tmp_path / "catalogues"
    out.mkdir()
    for name in ("xx.tsv", "yy.tsv.partial", "kept.txt"):
        (out / name).write_text("old")
    catalogues.write(collected(("de", "Suche", "N", "odd"), ("de", "Antworten", "F", "odd")), [source(b"data")], out)
    assert sorted(path.name for path in out.iterdir()) == ["SOURCES.tsv", "de.tsv", "kept.txt"]
    assert (out / "SOURCES.tsv").read_text() == "package\tversion\tlicence\tstrings\tlanguages\nodd\t1.0\tMIT\t2\t1\n"
    found = read_catalogues(tmp_path, [])
    assert found == [Phrase("de", "N", "consent", "Suche"), Phrase("de", "F", "captcha", "Antworten")]


def catalogue(folder: Path, lang: str, *texts: str) -> None:
    (folder / "catalogues").mkdir(exist_ok=True)
    rows = ["label\tkind\tphrase", *(f"N\tmenu\t{text}" for text in texts)]
    (folder / "catalogues" / f"{lang}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_no_catalogues_are_no_strings(tmp_path: Path) -> None:
    assert read_catalogues(tmp_path, []) == []


def test_a_string_that_equals_a_held_out_phrase_is_not_trained_on(tmp_path: Path) -> None:
    hidden = next(text for text in (f"Leave {i} replies to {{name}}!" for i in range(99)) if held_out(text))
    shown = next(text for text in (f"Leave {i} replies to {{name}}!" for i in range(99)) if not held_out(text))
    own = [Phrase("en", "N", "menu", hidden), Phrase("en", "N", "menu", shown)]
    loose = [text.replace("{name}!", "{title}").upper().replace("{TITLE}", "{title} …") for text in (hidden, shown)]
    catalogue(tmp_path, "de", *loose, "{n}", "»")
    assert [phrase.text for phrase in read_catalogues(tmp_path, own)] == [loose[1], "{n}", "»"]


def test_our_own_code_of_a_phrase_wins_in_its_language(tmp_path: Path) -> None:
    own = [Phrase("de", "C", "heading", "Geschichte"), Phrase("fr", "N", "menu", "Accueil")]
    assert not any(held_out(phrase.text) for phrase in own)
    catalogue(tmp_path, "de", "geschichte:", "Accueil")
    catalogue(tmp_path, "fr", "Geschichte", "Accueil")
    found = [(phrase.lang, phrase.text) for phrase in read_catalogues(tmp_path, own)]
    assert found == [("de", "Accueil"), ("fr", "Geschichte"), ("fr", "Accueil")]


def test_training_reads_catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("pages/de/a.tsv", "N\tStart\n"), ("phrases/de.tsv", "label\tkind\tphrase\nN\tmenu\tEigene Seite\n")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    catalogue(tmp_path, "fr", "Accueil")
    seen: list[Phrase] = []

    def fit(_: object, given: Sequence[Phrase], *__: object, catalogues: Sequence[Phrase], **___: object) -> None:
        seen.extend([*given, *catalogues])
        raise CorpusError("enough")

    monkeypatch.setattr(train, "fit", fit)
    assert train.main(["--data", str(tmp_path), "--out", str(tmp_path / "model")]) == 2
    assert [phrase.text for phrase in seen] == ["Eigene Seite", "Accueil"]


# Sources


def test_rules_are_checked() -> None:
    with pytest.raises(ValueError, match="no code and kind"):
        rules("N captcha\n    x\n")
    with pytest.raises(ValueError, match="two rules"):
        rules("N menu\n    x\nN search\n    x\n")


def test_sources_are_pinned_and_named_once() -> None:
    assert len({s.package for s in SOURCES}) == len(SOURCES)
    for s in SOURCES:
        assert re.fullmatch("[0-9a-f]{64}", s.sha256)
        assert s.licence
        assert s.catalogues
        for found in s.catalogues:
            assert found.rules
            assert "lang" in re.compile(found.files).groupindex or found.format == "by_language"
            for rule in found.rules.values():
                assert rule.kind in KINDS[rule.label]
                assert all(slot in SLOTS or not slot.isalpha() or slot == "WordPress" or not slot for slot in rule.slots)


def test_the_documentation_lists_every_package_with_its_version_and_licence() -> None:
    text = (Path(__file__).parents[2] / "docs" / "catalogues.md").read_text(encoding="utf-8")
    for s in SOURCES:
        assert f"| {s.package} | {s.version} | {s.licence} |" in text


def test_message_order_does_not_matter() -> None:
    odd = Catalogue("x", "json", RULES, english="en")
    found = [Message("de", "home", "", ("Start",)), Message("en", "home", "", ("Home",))]
    one, other = (set(catalogues.strings(source(b""), odd, rows)) for rows in (found, found[::-1]))
    assert one == other
