"""Records of WARC files, written for the tests."""


def _record(kind: bytes, number: int, mime: bytes, block: bytes) -> bytes:
    head = (
        b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%d>\r\nWARC-Target-URI: http://site.example/%d\r\n"
        b"WARC-Date: 2026-11-25T00:00:00Z\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (kind, number, number, mime, len(block)) + block + b"\r\n\r\n"


def conversion(number: int, text: str) -> bytes:
    """A record of a WET file."""
    return _record(b"conversion", number, b"text/plain", text.encode())


def response(
    number: int,
    body: bytes,
    *,
    kind: bytes = b"text/html",
    status: bytes = b"200 OK",
    headers: bytes = b"",
    raw: bytes | None = None,
) -> bytes:
    """A record of a server's answer; ``raw`` in place of all of it."""
    answer = b"HTTP/1.1 %s\r\nContent-Type: %s\r\n%s\r\n%s" % (status, kind, headers, body)
    return _record(b"response", number, b"application/http; msgtype=response", answer if raw is None else raw)
