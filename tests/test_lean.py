"""What is cut from HTML before it is parsed: nothing that a reader of it sees, or that tells what a line is."""

import pytest

pytest.importorskip("selectolax")
pytest.importorskip("noiseclf._lean", reason="it could not be compiled here")
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from test_walk import ATTRIBUTES, PIECES, TAGS, facts

from noiseclf._lean import lean
from noiseclf.walk import walk

MORE = st.one_of(
    PIECES,
    st.sampled_from(["<svg>", "</svg>", "<path d='M0'/>", "<g>", "</g>", "<svg/>", "<math>", "</math>", "<mi>x</mi>", "<!---->",
                     "<!--a--!>", "<script>if (a<b) '<p>'</script>", "<style>a>b{}</style>", "<select>", "<frameset>"]),
    st.builds("<{}{} data-x=1{} href=/>".format, st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES), st.sampled_from(ATTRIBUTES)),
)  # fmt: skip


def walked(html):
    tree = LexborHTMLParser(html)
    return facts(walk((tree.body if tree.body is not None else tree.root).html, styles=True))


@given(st.lists(MORE, max_size=40))
@settings(max_examples=400, deadline=None)
def test_the_page_reads_the_same(pieces):
    html = "".join(["<!doctype html><body>", *pieces]).encode()
    assert walked(lean(html)) == walked(html)


@pytest.mark.parametrize(
    "html",
    [
        "<a href=x><svg><path/></a></svg> More text here",
        '<a href=1><svg><use href="#a"></a></svg> text after</p><p>end',
        "<button><svg><path/></button></svg><p>x",
        "<form><svg></form>hello</svg><input>x",
        "<details open><summary>S<svg><path></summary></svg>Body text</details>",
        "<table><tr><td><svg><path/></td><td>Cell</td></svg></table>",
        "<a href=#>Share<svg><text>&nbsp;</text></svg>Now</a>",
        "<p>a<style>\xa0</style>b<script>\x1c</script>c<svg>\x0b</svg>d",
        "<pre><!-- c -->\n<code>foo\nbar</code></pre>",
        "<p><a href=x>Next ><!-- c -->\n    \n</a> more text",
        "<svg><title><a>x</title></svg>hello",
        "<svg><desc><style></desc></svg>hello</style><p>a",
        "<p><a href=1>x<svg><title><a href=2>y</a></title></svg> hello</a>there",
        "<svg width=1/><script/></svg><p>text</p><script>x</script>y",
        "<svg><svg x=1/></svg>text</svg>more",
        "<svg><text>hi</text></svg><frameset>hello",
        "<select><option><svg><title>a</title></svg></option></select>",
        "<svg><g><svg><path></g></svg>a</svg>b",
    ],
)
def test_drawings_comments_and_white_space_that_matter_to_the_rest_matter_still(html):
    html = f"<!doctype html>{html}".encode()
    assert walked(lean(html)) == walked(html)


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a</p><script>let b</script>", "<p>a</p><script></script>"),
        ("<SCRIPT async src=x>'</p>'</Script >", "<SCRIPT></Script >"),
        ("<style>p { color: red }</style>", "<style></style>"),
        ('<p data-id="3" class="a" onclick=\'b("<p>")\' id=c>d', '<p class="a" id=c>d'),
        ('<p style="color:red" style="display:none">a', "<p>a"),
        ('<p style="display:none" style="color:red">a', '<p style="display:none">a'),
        ("<br/><img src=a />b", "<br><img>b"),
        ("<p>a</p> <!-- <p>b</p> --> <p>c", "<p>a</p>  <p>c"),
        ("a<!-- b -->c", "a<!---->c"),
        ('<svg width="1"><g><path d="M0"/></g></svg>a', '<svg width="1"></svg>a'),
        ("<svg> <g/> </svg>a", "<svg> </svg>a"),
        ("<svg><title>A menu</title><svg><a><path></a></svg></svg>a", "<svg></svg>a"),
    ],
)
def test_what_nobody_reads_is_left_out(html, left):
    assert lean(html.encode()).decode() == left


@pytest.mark.parametrize(
    "html",
    [
        "",
        "no tag, 1 < 2",
        '<script type="application/ld+json">{"articleBody": "a"}</script>',
        '<script type="application&#x2F;json">{}</script>',
        "<textarea><script>a</script></textarea>",
        "<title><!-- a --></title>",
        "<noscript><p>a</p></noscript>",
        "<math><mi>x</mi></math>",
        '<font color=red data-a=1>a</font><b title="c">d</b>',
        # from here on it depends on more than the tags
        "<script><!-- <script> </script> --></script><!-- a -->",
        "<svg><p>a</p></svg><!-- b -->",
        "<svg><script>a</script></svg><!-- b -->",
        "<svg><g><!-- b -->",
        "<select><style>a</style></select><!-- b -->",
        "<plaintext><!-- a -->",
        "<script>a",
        "<p>a</p",
    ],
)
def test_what_is_read_or_not_sure_is_left_as_it_is(html):
    assert lean(html.encode()).decode() == html


def test_a_page_that_ends_within_a_tag_reads_the_same():
    html = b'<p>a <b>c</b> <p class="x" title="'
    for end in range(len(html)):
        assert walked(lean(html[:end])) == walked(html[:end])


@pytest.mark.parametrize("piece", [b"<!--", b"<svg>", b"<script>", b"<a ", b"<a b='", b"<", b"</", b"<select>", b"<math><svg>"])
def test_a_megabyte_of_what_never_ends_is_left_in_a_moment(piece):
    html = piece * (1_000_000 // len(piece))
    assert len(lean(html)) <= 2 * len(html) + 8
