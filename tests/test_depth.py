import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseclf import depth

compiled = pytest.importorskip("noiseclf._depth")

TOKENS = [
    b"<div>", b"</div>", b"<b>", b"</b>", b"<p>", b"<svg>", b"</svg>", b"<math>", b"<![CDATA[<a>]]>", b"<!--", b"-->", b"--!>",
    b"<!-->", b"<!--->", b"<script>", b"</script>", b"</SCRIPT ", b"<style/>", b"</style\n>", b"<form>", b"</form>", b"<table>",
    b"<td>", b"</table>", b"<h1>", b"</h2>", b"<H3 a=b>", b"<a href=\"x>\" b='y>' c=z>", b'<a "', b"<i '", b">", b" ", b"=", b"<",
    b"</", b"</ x>", b"<?pi", b"<textarea>", b"</textarea>", b"<foreignObject>", b"</foreignobject>", b"<annotation-xml>",
    b"<averyverylongname1>", b"</averyVerylongname1>", b"<averyverylongname2>", b"x", b"<object>", b"</object>", b"\0", b"\xff",
    b"/", b"<br/>", b"<x/y=1>", b"<x =a>", b"<font>", b"<button>", b"<p " + b"a " * 2100 + b">",
]  # fmt: skip
#: Larger than what is looked at only at a glance.
LARGE = b"x" * (depth._LARGE + 1)


@given(st.lists(st.sampled_from(TOKENS), max_size=80), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_compiled_code_leaves_the_same_bytes(tokens, times):
    page = b"".join(tokens) * times
    assert compiled.shallow(page) == depth.shallow(page)
    assert compiled.shallow(LARGE + page) == depth.shallow(LARGE + page)


@pytest.mark.parametrize("html", [b"", b"<", b"</", b"<!", b"<a", b"<!--", b"<!--->", b"<div>" * 500, b"<b>" * 100, b"<p a='"])
def test_ends_of_pages_are_read(html):
    assert compiled.shallow(html) == depth.shallow(html)
    assert compiled.shallow(LARGE + html) == depth.shallow(LARGE + html)
