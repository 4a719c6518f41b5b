import numpy as np
import pytest

pytest.importorskip("selectolax")

from noiseclf.depth import DEEPEST, shallow
from noiseclf.elements import FLAGS
from noiseclf.html import read

ARTICLE = """<!doctype html><html><head><title>Ferry late again</title><style>p{}</style>
<script>var a = "<p>no</p>"</script></head>
<body><nav><ul><li><a href=/>Home</a><li><a href=/n>News</a></ul></nav>
<article><h1>Ferry late   again</h1><p>The ferry was <b>late</b> again<br>on Monday.</p>
<p>It sails <a href=/t>tomorrow</a>.</p><ul><li>one</li><li>two</li></ul></article>
<footer>© 2026</footer></body></html>"""


def lines(html):
    return list(read(html).lines)


def test_an_article_comes_out_as_a_reader_sees_it():
    assert lines(ARTICLE) == [
        "Home", "News", "", "Ferry late again", "", "The ferry was late again", "on Monday.", "", "It sails tomorrow.", "",
        "one", "two", "", "© 2026",
    ]  # fmt: skip


def test_a_line_says_which_elements_it_is_from():
    document = read(ARTICLE)
    assert document.title == "Ferry late again"
    elements = dict(zip(document.lines, document.elements(), strict=True))
    assert elements["Home"] == "nav/ul/li/a"
    assert elements["two"] == "article/ul/li"
    assert elements["on Monday."] == "article/p"
    assert elements[""] == ""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div>a<div>b</div>c</div>", ["a", "", "b", "", "c"]),
        ("<div>a<div></div>b</div>", ["a", "b"]),
        ("one<br>two<br><br>three", ["one", "two", "three"]),
        ("<p>a <span> b\n</span>\t c&nbsp;d</p>", ["a b c d"]),
        ("<b>bo</b>ld", ["bold"]),
        ("<a href=1>Home</a><a href=2>News</a>", ["Home News"]),
        ("<table><tr><th>Day<th>Ferry<tr><td>Mon<td><b>9</b>:00</table>", ["Day\tFerry", "Mon\t9:00"]),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", ["one", "", "two"]),
        ("<dl><dt>term<dd>what it is</dl>", ["term", "what it is"]),
        ("<pre>def f():\n    return 1\n\n\nf()\n</pre>after", ["def f():", "    return 1", "", "f()", "", "after"]),
        ("<pre><code><span>a</span> = 1\n<span>b</span></code></pre>", ["a = 1", "b"]),
        ("<select><option>one<option>two</select>", ["one two"]),
        ("<label>Name</label><input placeholder='Your name'><input type=submit value=Send>", ["Name [ Your name ] [ Send ]"]),
        ("<h2>Head</h2>text", ["Head", "", "text"]),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", ["漢kan"]),
        ("<p>open <i>never <b>closed <p>next</table></div>", ["open never closed", "", "next"]),
        ("&lt;p&gt; &amp; &#8212; &eacute;", ["<p> & — é"]),
        ("\u200b<p>\u200b</p><p>seen</p>", ["seen"]),
        ("plain text\nin two rows", ["plain text in two rows"]),
    ],
)
def test_blocks_break_lines_and_inline_elements_do_not(html, expected):
    assert lines(html) == expected


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no</p>", '<div style="color: red; display : NONE"><p>no</p></div>', '<p style="visibility:hidden">no</p>',
        "<script>no</script>", "<style>no</style>", "<noscript>no</noscript>", "<template><p>no</p></template>",
        "<input type=hidden value=no>", "<dialog>no</dialog>", "<iframe>no</iframe>", "<svg><text>no</text></svg>",
        "<!-- no -->", "<object>no</object>", "<datalist><option>no</datalist>", "<div hidden><p><b>no",
    ],
)  # fmt: skip
def test_what_a_reader_does_not_see_is_left_out(hidden):
    assert lines(f"<p>{'A reader sees this line of text. ' * 3}</p>{hidden}")[0].startswith("A reader")
    assert "no" not in lines(f"<p>before</p>{hidden}")


def test_a_page_that_a_script_uncovers_is_read():
    body = "<p>The ferry was late again on Monday.</p>" * 20
    assert len([line for line in lines(f'<div style="display:none">{body}</div><p>Loading…</p>') if line]) == 21
    assert len([line for line in lines(f'<body style="visibility:hidden">{body}') if line]) == 20


def test_open_dialogs_and_details_are_seen():
    assert lines("<dialog open>a</dialog><details><summary>b</summary>c</details>") == ["a", "", "b", "", "c"]


def test_bytes_are_decoded():
    page = '<meta charset="windows-1251"><p>Паром до острова'
    assert lines(page.encode("cp1251")) == lines(page) == ["Паром до острова"]
    assert lines("\ufeff<p>島".encode("utf-16-le")) == ["島"]


def test_lone_surrogates_do_no_harm():
    assert lines("<p>a\ud800b") == ["a?b"]


def test_flags_come_from_tags_roles_and_schemas():
    document = read(
        '<div role=navigation>menu</div><div itemscope itemtype="https://schema.org/Product"><p>thing</p></div>'
        '<div itemprop="articleBody"><a>linked</a> words</div><form><input><textarea></textarea>field</form>'
    )
    flags = [{name for i, name in enumerate(FLAGS) if document.flags[owner] >> i & 1} for owner in document.owners]
    assert flags == [{"nav"}, {"product", "p"}, {"body", "link"}, {"form"}]
    assert document.linked.tolist() == [0, 0, 6, 0]
    assert document.controls[document.owners].tolist() == [0, 0, 0, 2]


def test_numbers_of_parents_are_below_their_childrens():
    document = read(ARTICLE)
    assert document.parents[0] == -1
    assert (document.parents[1:] < np.arange(1, len(document.parents))).all()
    assert (document.blocks <= document.owners).all()


def test_metadata_tells_the_body():
    page = '<head><meta property="og:description" content="A late ferry"></head><script type="application/ld+json">'
    page += '{"@type": "NewsArticle", "articleBody": "The ferry \\u0077as late\\nagain, \\"he\\" said"}</script><p>x'
    assert {"late", "ferry", "was", "again,", '"he"'} <= read(page).told


@pytest.mark.parametrize("html", ["", " \n", "<html></html>", "<!-- -->", b"", "<head><title>only</title></head>"])
def test_an_empty_page_has_no_lines(html):
    document = read(html)
    assert document.lines == ()
    assert len(document.rows) == 0
    assert document.elements() == []


def test_what_is_no_html_is_refused():
    with pytest.raises(TypeError, match="html must be a str or bytes, not list"):
        read(["<p>"])


HOSTILE = {
    "div": "<div>" * 100_000 + "x",
    "closed div": "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "lists": "<ul><li>" * 50_000 + "x",
    "tables": "<table><tr><td>" * 30_000 + "x",
    "formatting": "<b>" * 100_000 + "x",
    "different formatting": "".join(f"<b id={i}>" for i in range(5000)) + "<p>x" * 20_000,
    "misnested": "<i><div></i>" * 50_000 + "x",
    "links": "<a href=x>" * 50_000 + "x",
    "unfinished attribute": "<p a='" * 100_000,
    "less-than": "<" * 500_000,
    "closing": "</p>" * 100_000,
    "unfinished string": "<script type=application/ld+json>" + '"text":"' * 50_000,
    "one line": "<span>word </span>" * 100_000,
    "long attribute": "<p class='" + "a " * 500_000 + "'>x",
    "binary": bytes(range(256)) * 1000,
    "a million attributes": "<p " + " ".join(f"a{i}=1" for i in range(1_000_000)) + ">x",
    "unfinished elements of raw text": "<script>" * 60_000,
    "unfinished drawings": "<svg>" * 60_000,
    "an endless name": "<div>" * 500 + "<" + "a" * 200_000,
    "quotes between tags": "<div>" * 500 + '"<a" ' * 60_000,
    "end tags of nothing": "<div></x>" * 100_000 + "x",
    "end tags in comments": "<div><!--</div>-->" * 100_000 + "x",
    "end tags in scopes": "<div><object></div></object>" * 60_000,
    "end tags in tables": "<div><table><tr><td></div></table>" * 60_000,
    "forms ended early": "<form><div></form>" * 60_000,
    "formatting ended in comments": "".join(f"<b id={i}><!--</b>-->" for i in range(4000)) + "<p>x" * 15_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_read(name):
    document = read(HOSTILE[name])
    assert len(document.elements()) == len(document.lines)


def test_deep_nesting_is_flattened_and_its_text_kept():
    page = b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + b"<p>after"
    assert lines(page) == ["deep", "", "after"]
    flat = shallow(page)
    assert flat.count(b"<div>") == DEEPEST
    for evading in ("<div></x>", "<div><!--</div>-->", "<div><object></div></object>", "<div><table><td></div></table>"):
        assert read(evading * 20_000 + "x").depths.max() <= 4 * DEEPEST  # cells and the like come on top
    assert shallow(b"<div><p a='<div>'>x</p></div>" * 20_000).count(b"<p") == 20_000  # a large page that is not deep
    assert shallow(ARTICLE.encode()) == ARTICLE.encode()
