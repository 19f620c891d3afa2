"""Cut the two faces of DEUST from the npm packages in node_modules: `make vendor`.

Texte keeps its weight axis, 400 to 700. Voix is one cut of Source Serif 4; "Source" is a Reserved Font Name, so the
modified cut carries our own name in all its records.
"""

from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules" / "@fontsource-variable"
TARGET = ROOT / "deust" / "static" / "fonts"
TEXTE = PACKAGES / "atkinson-hyperlegible-next"
VOIX = PACKAGES / "source-serif-4"

ASCII = "".join(map(chr, range(0x20, 0x7F)))
FRENCH = "àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ"
NEIGHBOURS = "áãåìíñòóõøúßÁÃÅÌÍÑÒÓÕØÚ"  # in people's names
PUNCTUATION = "«»‹›‘’“”„–—…•·°§¶©®™ªº²³¹¼½¾×÷±−€\u00a0\u202f\u2011"
ARROWS = "←→↑↓"
CHARACTERS = ASCII + FRENCH + NEIGHBOURS + PUNCTUATION + ARROWS
FEATURES = ["ccmp", "kern", "liga", "lnum", "locl", "mark", "mkmk", "pnum", "tnum"]

VOIX_NAMES = {
    1: "Voix DEUST",
    2: "Regular",
    3: "1.0;VoixDEUST-Regular",
    4: "Voix DEUST",
    5: "Version 1.0",
    6: "VoixDEUST-Regular",
}
COPYRIGHT, LICENCE, LICENCE_ADDRESS = 0, 13, 14


def cut(source: Path, axes: dict[str, float | tuple[float, float]]) -> TTFont:
    font = TTFont(source, recalcTimestamp=False)  # the same input gives the same bytes
    options = Options()
    options.hinting = False
    options.layout_features = FEATURES
    options.name_IDs = ["*"]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    font = instantiateVariableFont(font, axes)
    font.flavor = "woff2"
    return font


def rename(font: TTFont) -> None:
    kept = {identifier: font["name"].getDebugName(identifier) for identifier in (COPYRIGHT, LICENCE, LICENCE_ADDRESS)}
    font["name"].names = []
    for identifier, text in {**kept, **VOIX_NAMES}.items():
        if text:
            font["name"].setName(text, identifier, platformID=3, platEncID=1, langID=0x409)
    if "STAT" in font:  # it names the axes of the face it was cut from
        del font["STAT"]


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    texte = cut(TEXTE / "files" / "atkinson-hyperlegible-next-latin-wght-normal.woff2", {"wght": (400, 700)})
    voix = cut(VOIX / "files" / "source-serif-4-latin-opsz-normal.woff2", {"wght": 560, "opsz": 28})
    rename(voix)
    for name, font, package, origin in (
        ("texte", texte, TEXTE, "texte.woff2 is a subset of Atkinson Hyperlegible Next, weights 400 to 700."),
        ("voix", voix, VOIX, "voix.woff2, named Voix DEUST, is a subset of one modified cut of Source Serif 4."),
    ):
        font.save(TARGET / f"{name}.woff2")
        notice = f"{font['name'].getDebugName(COPYRIGHT)}\n{origin}\n"
        licence = (package / "LICENSE").read_text(encoding="utf-8")
        (TARGET / f"{name}.OFL.txt").write_text(f"{notice}\n{licence}", encoding="utf-8")
        missing = "".join(c for c in CHARACTERS if ord(c) not in font.getBestCmap())
        print(f"{name}.woff2: {(TARGET / f'{name}.woff2').stat().st_size} bytes, without {missing!r}")


if __name__ == "__main__":
    main()
