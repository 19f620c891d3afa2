"""What we add to Markdown: formulas, dialogues, media, task lists, kept marks; and one h1 a page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from collections.abc import Callable, Mapping
from html import escape

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

from deust.content.attributes import split_attributes
from deust.content.dialogue import Dialogue, read_dialogue
from deust.content.drawings import drawn
from deust.content.facts import INLINE_FORMULA
from deust.content.figures import Shelf, is_image, is_played, player
from deust.content.lines import Fence, fences, number_lines
from deust.content.mathml import FormulaError, mathml
from deust.content.problems import Report
from deust.content.sanitising import is_safe_address

CHECK_MARK = "\ue000check:{}\ue001"
FIGURE_MARK = "\ue000figure:{}\ue001"
_DIALOGUE_MARK = "\ue000dialogue:{}\ue001"
_DIALOGUE = re.compile("\ue000dialogue:([0-9]+)\ue001")
_KEPT = re.compile(r"\{\{[^{}\n]*\}\}|\[\[[0-9]+\]\]")
_BLOCK_FORMULA = r"(?<!\\)\$\$([^$]+?)\$\$"
_TASK = re.compile(r"\[([ xX])\]\s+")

KeptFigures = list[str]


class FencePreprocessor(Preprocessor):
    """Takes dialogues and questions out before Markdown sees them; a mark holds their place.

    A fence left open is closed at the end of the text.
    """

    def __init__(self, md: Markdown, dialogues: list[Dialogue]) -> None:
        super().__init__(md)
        self.dialogues = dialogues

    def run(self, lines: list[str]) -> list[str]:
        numbered = number_lines(lines)
        texts = {line.number: [line.text] for line in numbered}
        for fence in fences(numbered):
            if fence.is_indented:
                continue
            last = fence.line + len(fence.content) + 1
            mark = self._mark(fence)
            if mark is not None:
                texts |= {number: [] for number in range(fence.line, last + fence.is_closed)}
                texts[fence.line] = ["", mark, ""]
            elif fence.is_closed:
                texts[last] = [texts[last][0].strip()]
            else:
                texts[last] = [_opening(texts[fence.line][0])]
        return [text for number in sorted(texts) for text in texts[number]]

    def _mark(self, fence: Fence) -> str | None:
        content = [line.text for line in fence.content]
        if fence.name == "question":
            return _check_mark(content)
        dialogue = read_dialogue(fence.words, content) if fence.name == "dialogue" else None
        if dialogue is None:
            return None
        self.dialogues.append(dialogue)
        return _DIALOGUE_MARK.format(len(self.dialogues) - 1)


def _check_mark(content: list[str]) -> str:
    """The place of a question, named by its title; nothing of a question is ever shown as it is written."""
    title = next((text for text in content if text.strip()), "")
    _, attributes = split_attributes(title, 0, Report(""))
    return CHECK_MARK.format(attributes.id) if attributes.id else ""


def _opening(text: str) -> str:
    """The marks that open a fence, to close it with."""
    sign = text.lstrip()[0]
    return sign * (len(text.lstrip()) - len(text.lstrip().lstrip(sign)))


class DialogueTreeprocessor(Treeprocessor):
    """Puts dialogues back as elements, and those that follow one another side by side."""

    def __init__(self, md: Markdown, dialogues: list[Dialogue]) -> None:
        super().__init__(md)
        self.dialogues = dialogues

    def run(self, root: etree.Element) -> None:
        row: etree.Element | None = None
        for child in list(root):
            found = _DIALOGUE.fullmatch((child.text or "").strip()) if child.tag == "p" else None
            if not found:
                row = None
                continue
            if row is None:
                row = etree.Element("div", {"class": "dialogues"})
                root.insert(list(root).index(child), row)
            root.remove(child)
            row.append(_dialogue_element(self.dialogues[int(found.group(1))]))


def _dialogue_element(dialogue: Dialogue) -> etree.Element:
    section = etree.Element("section", {"class": f"dialogue {dialogue.manner}".strip()})
    if dialogue.title:
        etree.SubElement(section, "p", {"class": "dialogue-title"}).text = dialogue.title
    for speaker, words in dialogue.lines:
        etree.SubElement(section, "p", {"class": "speaker"}).text = speaker
        etree.SubElement(section, "p", {"class": "line"}).text = words
    return section


class StashProcessor(InlineProcessor):
    """Puts a piece aside until the end; `written` remembers how it was written, for the words of a picture."""

    def __init__(self, pattern: str, md: Markdown, written: dict[int, str]) -> None:
        super().__init__(pattern, md)
        self.written = written

    def stashed(self, shown: str, found: re.Match[str]) -> tuple[str, int, int]:
        self.written[self.md.htmlStash.html_counter] = found.group(0)
        return self.md.htmlStash.store(shown), found.start(0), found.end(0)


class FormulaProcessor(StashProcessor):
    is_block = False

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        try:
            shown = mathml(m.group(1).strip(), is_block=self.is_block)
        except FormulaError:
            shown = f"<code>{escape(m.group(1))}</code>"
        return self.stashed(shown, m)


class BlockFormulaProcessor(FormulaProcessor):
    is_block = True


class KeepProcessor(StashProcessor):
    """`{{ … }}` and `[[n]]` come out as they came in."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        return self.stashed(escape(m.group(0), quote=False), m)


class MediaTreeprocessor(Treeprocessor):
    """Pictures get their true size; sound and video become players, kept aside until the end."""

    def __init__(
        self,
        md: Markdown,
        shelf: Shelf,
        figures: KeptFigures,
        transcript: Callable[[str], str],
        written: Mapping[int, str],
    ) -> None:
        super().__init__(md)
        self.shelf = shelf
        self.figures = figures
        self.transcript = transcript
        self.written = written

    def run(self, root: etree.Element) -> None:
        for holder in list(root.iter()):
            for paragraph in [child for child in holder if child.tag == "p" and any(map(self._is_player, child))]:
                self._cut(holder, paragraph)
        for parent in list(root.iter()):
            for image in [child for child in parent if child.tag == "img"]:
                self._place(parent, image)

    def _is_player(self, element: etree.Element) -> bool:
        media = self.shelf.find(element.get("src", "")) if element.tag == "img" else None
        return media is not None and is_played(media)

    def _cut(self, holder: etree.Element, paragraph: etree.Element) -> None:
        """A player stands between paragraphs: the one that held it is cut before and after."""
        parts = [etree.Element("p", paragraph.attrib)]
        parts[0].text = paragraph.text
        for child in paragraph:
            if not self._is_player(child):
                parts[-1].append(child)
                continue
            parts += [etree.Element("p"), etree.Element("p", paragraph.attrib)]
            parts[-2].append(child)
            parts[-1].text, child.tail = child.tail, None
        kept = [part for part in parts if len(part) or (part.text or "").strip()]
        kept[-1].tail = paragraph.tail
        place = list(holder).index(paragraph)
        holder[place : place + 1] = kept

    def _words(self, alternative: str) -> str:
        """The words that stand for a picture, with what was put aside in them as it was written."""
        return HTML_PLACEHOLDER_RE.sub(lambda found: self.written.get(int(found.group(1)), ""), alternative)

    def _place(self, parent: etree.Element, image: etree.Element) -> None:
        media = self.shelf.find(image.get("src", ""))
        image.set("alt", self._words(image.get("alt", "")))
        if media is not None and media.drawing:
            self.figures.append(drawn(media.drawing, image.get("alt", "")))
            _replace(parent, image, FIGURE_MARK.format(len(self.figures) - 1))
        elif media is not None and is_image(media):
            image.set("width", str(media.width))
            image.set("height", str(media.height))
            image.set("loading", "lazy")
        elif media is not None and is_played(media):
            figure = player(media, image.get("alt", ""), self.shelf, self.transcript)
            self.figures.append(figure)
            _replace(parent, image, FIGURE_MARK.format(len(self.figures) - 1))
        else:
            _as_link(image)


def _replace(parent: etree.Element, child: etree.Element, text: str) -> None:
    place = list(parent).index(child)
    tail = text + (child.tail or "")
    parent.remove(child)
    if place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail


def _as_link(image: etree.Element) -> None:
    """A picture that is not in the module is never fetched: a link stands in its place."""
    source, alt = image.get("src", ""), image.get("alt", "")
    image.clear()
    image.tag = "a" if is_safe_address(source) and "://" in source else "span"
    if image.tag == "a":
        image.set("href", source)
    image.text = alt or "image"


class TaskTreeprocessor(Treeprocessor):
    """`- [x] fait`: the state in words, for who cannot see the box that the style sheet draws; nothing to click."""

    def run(self, root: etree.Element) -> None:
        for item in root.iter("li"):
            holder = item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
            found = _TASK.match(holder.text or "")
            if not found:
                continue
            done = found.group(1).strip() != ""
            box = etree.Element("span", {"class": "task done" if done else "task"})
            box.text = "(fait) " if done else "(à faire) "
            box.tail = (holder.text or "")[found.end() :]
            holder.text = ""
            holder.insert(0, box)
            item.set("class", "task-item")


class HeadingTreeprocessor(Treeprocessor):
    """The page has its own h1: a text starts at h2."""

    def run(self, root: etree.Element) -> None:
        for heading in root.iter("h1"):
            heading.tag = "h2"


class CourseExtension(Extension):
    """All of it, for one text."""

    def __init__(self, shelf: Shelf, figures: KeptFigures, transcript: Callable[[str], str]) -> None:
        super().__init__()
        self.shelf = shelf
        self.figures = figures
        self.transcript = transcript

    def extendMarkdown(self, md: Markdown) -> None:
        dialogues: list[Dialogue] = []
        written: dict[int, str] = {}
        media = MediaTreeprocessor(md, self.shelf, self.figures, self.transcript, written)
        md.preprocessors.register(FencePreprocessor(md, dialogues), "deust-fences", 28)
        md.treeprocessors.register(DialogueTreeprocessor(md, dialogues), "deust-dialogues", 40)
        md.treeprocessors.register(TaskTreeprocessor(md), "deust-tasks", 19.5)
        md.treeprocessors.register(HeadingTreeprocessor(md), "deust-headings", 19)
        md.treeprocessors.register(media, "deust-media", 18)
        md.inlinePatterns.register(KeepProcessor(_KEPT.pattern, md, written), "deust-kept", 186)
        md.inlinePatterns.register(BlockFormulaProcessor(_BLOCK_FORMULA, md, written), "deust-formula-block", 185)
        md.inlinePatterns.register(FormulaProcessor(INLINE_FORMULA.pattern, md, written), "deust-formula", 184)
