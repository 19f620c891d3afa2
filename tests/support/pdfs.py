"""PDFs made for tests: plain ones, and those that a hostile or careless person might hand in."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

Size = tuple[float, float]

A4: Size = (595, 842)


def pdf(*texts: str, size: Size = A4, extra: Sequence[bytes] = (), trailer: bytes = b"") -> bytes:
    """A page for each text, which is written large on it, with a frame; `extra` objects follow the pages'."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * place) for place in range(len(texts)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(texts), kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for place, text in enumerate(texts):
        objects += [_page(size, 5 + 2 * place), _stream(_drawing(text, size))]
    return assembled([*objects, *extra], trailer)


def page_of(content: bytes, *, resources: bytes = b"", extra: Sequence[bytes] = ()) -> bytes:
    """One page with this drawing; `extra` objects are numbered from 5."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Contents 4 0 R/Resources<<%s>>>>" % (*A4, resources),
        _stream(content),
        *extra,
    ]
    return assembled(objects)


def assembled(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return made + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        count,
        table,
        count,
        trailer,
        len(made),
    )


def _page(size: Size, contents: int) -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>" % (
        *size,
        contents,
    )


def _drawing(text: str, size: Size) -> bytes:
    width, height = size
    frame = b"4 w 20 20 %g %g re S\n" % (width - 40, height - 40)
    letters = text.encode("cp1252", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    lines = b"".join(b"(%s) Tj 0 -30 Td\n" % line for line in letters.split(b"\n"))
    return frame + b"BT /F 24 Tf 60 %g Td\n%sET" % (height - 90, lines)


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(content)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), entries, packed)


PASSWORD = b"/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O(%s)/U(%s)>>/ID[(abcd)(abcd)]" % (b"o" * 32, b"u" * 32)

LOCKED = pdf("Secret", trailer=PASSWORD)
NO_PAGE = pdf()
SCRIPTED = pdf("Bonjour", extra=[b"<</S/JavaScript/JS(app.alert(1))>>"]).replace(
    b"/Pages 2 0 R>>", b"/Pages 2 0 R/OpenAction 6 0 R>>"
)
HUGE = pdf("Grand", size=(14_400, 14_400))
RIBBON = pdf("Ruban", size=(14_400, 1))
TOWER = pdf("Tour", size=(1, 14_400))
LOOP = assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 3/Kids[2 0 R 2 0 R 2 0 R]>>"])
POLYGLOT = b"%PDF-1.4\n<html><script>alert(1)</script></html>\n" + pdf("Bonjour")
"""An HTML page to who sniffs, a PDF to who looks for its table."""


def long() -> bytes:
    return pdf(*(f"Page {number}" for number in range(1, 2_001)))


def bomb() -> bytes:
    """150 kB that become 150 MB, a picture of 150 million pixels."""
    entries = b"/Type/XObject/Subtype/Image/Width 30000/Height 5000/ColorSpace/DeviceGray/BitsPerComponent 8"
    image = _stream(bytes(150_000_000), entries)
    return page_of(b"q 595 0 0 842 0 0 cm /I Do Q", resources=b"/XObject<</I 5 0 R>>", extra=[image])


def endless() -> bytes:
    """One line that crosses the page 400,000 times."""
    return page_of(b"0 0 m " + b"".join(b"%d %d l " % (x * 7 % 595, x * 13 % 842) for x in range(400_000)) + b"S")
