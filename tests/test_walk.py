import pytest

pytest.importorskip("selectolax")
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from noiseclf import walk as plain

try:
    from noiseclf import _walk as compiled
except ImportError:
    compiled = None

WALKS = [plain] if compiled is None else [plain, compiled]
ATTRIBUTES = [
    "", " hidden", " hidden=until-found", " style='display: none'", ' style="color:red"',
    " class='Big-box x &amp; y'", " id=JSMain2",
    " class='a ABCd aB' id='é'", " role=navigation", " itemprop=articleBody", " itemtype='https://schema.org/Product'",
    " rel=nofollow name='a b'", ' a"b=1 ="x"', " open", " type=submit value='<Send>'", " placeholder='your name'",
    " type=hidden", " aria-hidden=true", " title='x hidden=' class='>'", " type=application/ld+json", f" class='{'word ' * 90}'",
]  # fmt: skip
TAGS = [
    "div", "p", "a", "b", "span", "li", "ul", "td", "tr", "table", "pre", "xmp", "br", "hr", "input", "button", "select",
    "option", "textarea", "form", "dialog", "details", "script", "style", "noscript", "template", "iframe", "svg", "math",
    "mi", "title", "plaintext", "h1", "font", "a<b", "image", "ruby", "rp", "object", "listing", "noembed", "col",
]  # fmt: skip
TEXTS = [
    "word", " ", "\n", "a\nb", "\xa0", "&nbsp;", "&amp;lt;", "&lt;p&gt;", "é\u3000ü", "漢字", "\u2028", "\x1f", "\u200b", "😀",
    "\0",
    "<!-- c -->", "<!-->", "<!doctype x>", "<?pi?>", "</x>", "]]>", "<![CDATA[ x ]]>", "&#xD800;", "<!--<script>", "</script>",
    "-->",
    "</SCRIPT >", "</style>", "</plaintext>", "&", "<", "\x85\u1680\u2009\u205f",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(TEXTS),
    st.builds("<{}{}>".format, st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES)),
    st.builds("</{}>".format, st.sampled_from(TAGS)),
)


def written(html):
    tree = LexborHTMLParser(html)
    root = tree.body if tree.body is not None else tree.root
    return root.html


def facts(walked):
    return [value if isinstance(value, int) else list(value) for value in walked]


@pytest.mark.skipif(compiled is None, reason="the walk is not compiled here")
@given(st.lists(PIECES, max_size=60), st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_compiled_walk_reads_what_the_plain_one_reads(pieces, styles):
    html = written("".join(pieces))
    assert facts(compiled.walk(html, styles=styles)) == facts(plain.walk(html, styles=styles))


@pytest.mark.skipif(compiled is None, reason="the walk is not compiled here")
@given(st.lists(PIECES | st.text(max_size=5), max_size=30), st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_no_parser_wrote_is_read_alike_and_does_no_harm(pieces, styles):
    html = "".join(pieces)
    assert facts(compiled.walk(html, styles=styles))[-1] >= 0
    assert facts(plain.walk(html, styles=styles))[-1] >= 0


@pytest.mark.parametrize("module", WALKS)
def test_numbers_of_elements_enclose_their_descendants(module):
    walked = module.walk("<body><div><p>a</p><br></div><p>b</p></body>", styles=True)
    assert [start.tag for start in walked.starts] == ["root", "body", "div", "p", "br", "p"]
    assert list(walked.parents) == [-1, 0, 1, 2, 2, 1]
    assert list(walked.ends) == [5, 5, 4, 3, 4, 5]
    assert list(walked.depths) == [0, 1, 2, 3, 3, 2]
    assert walked.lines == ["a", "", "b"]


@pytest.mark.parametrize("module", WALKS)
@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<script><!--<script></script>--></script>x", ["x"]),
        ("<script><!--<script>a</script>x", []),
        ("<script>a<b</script >x", ["x"]),
        ("<script><!--></script>x", ["x"]),
        ("<xmp><p>&lt;</xmp>x", ["<p>&lt;", "", "x"]),
        ("<plaintext></plaintext><p>x", ["</plaintext><p>x"]),
        ("<style>a</stylex></style>x", ["x"]),
        ("<svg><style>&lt;/style&gt;</style><p>a", ["a"]),
        ("<math><input>a</input></math>b", ["ab"]),
        ("<template><p>a</template>b", ["b"]),
        ("<a<b c>x", ["x"]),
        ("<p title='<p>'>x<!-- > <p>no -->y", ["xy"]),
    ],
)
def test_what_serialising_makes_ambiguous_is_read_as_parsed(module, html, expected):
    assert module.walk(written(html), styles=True).lines == expected


@pytest.mark.parametrize("module", WALKS)
def test_text_that_styles_cover_is_counted(module):
    html = written("<p style='display:none'>four<script>five!</script></p><p>x")
    assert module.walk(html, styles=True).covered == 4
    assert module.walk(html, styles=True).lines == ["x"]
    assert module.walk(html, styles=False).lines == ["four", "", "x"]


@pytest.mark.parametrize("module", WALKS)
def test_data_of_scripts_are_handed_out_but_for_templates(module):
    script = "<script type=application/ld+json>{}</script>"
    html = written(f"<p>{script}<noscript>{script}</noscript><template>{script}</template><script>x</script>")
    assert module.walk(html, styles=True).scripts == ["{}", "{}"]
