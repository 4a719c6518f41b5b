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
