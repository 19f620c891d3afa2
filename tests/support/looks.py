"""What a person sees or touches on a page, measured in the browser: targets, rings, order, words and their limits."""

from __future__ import annotations

from functools import partial

from playwright.sync_api import Page

from tests.support import browser as chromium

LEAST_TARGET = 44
LEAST_RING = 3

COLOUR_RULES = ["color-contrast", "link-in-text-block"]

_COMMON = """
    const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"], audio, video';
    const isShown = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
    const focusable = () => [...document.querySelectorAll(FOCUSABLE)]
        .filter(e => !e.disabled && e.type !== 'hidden' && isShown(e) && !e.closest('[inert]'));
    const named = e => e.tagName.toLowerCase() + ' « '
        + (e.getAttribute('aria-label') || e.innerText || e.name || e.className || '').trim().slice(0, 50) + ' »';
    const blockOf = e => {
        let block = e.parentElement;
        while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
        return block;
    };
"""

_SMALL_TARGETS = """least => {
    const isInSentence = e => (getComputedStyle(e).display === 'inline' || e.matches('.term'))
        && blockOf(e).innerText.trim() !== e.innerText.trim();
    const boxOf = e => {
        if (['radio', 'checkbox'].includes(e.type)) return e.closest('label').getBoundingClientRect();
        const after = getComputedStyle(e, '::after');
        if (after.content === 'none' || after.position !== 'absolute') return e.getBoundingClientRect();
        let holder = e;
        while (getComputedStyle(holder).position === 'static') holder = holder.parentElement;
        return holder.getBoundingClientRect();
    };
    return focusable()
        .filter(e => !e.closest('.wave') && e.tabIndex >= 0 && e.getAttribute('role') !== 'region')
        .filter(e => !isInSentence(e))
        .map(e => [e, boxOf(e)])
        .filter(([, box]) => Math.min(box.width, box.height) < least - 0.5)
        .map(([e, box]) => `${named(e)} is ${Math.round(box.width)} × ${Math.round(box.height)}`);
}"""

_FOCUS_PROBLEMS = """([least, isOneColumn]) => {
    const isRing = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= least;
    const hasRing = e => {
        const choice = e.closest('.choice');
        const bar = e.closest('.wave') && getComputedStyle(e.querySelector('rect'));
        return isRing(getComputedStyle(e)) || isRing(getComputedStyle(e, '::after'))
            || (choice && isRing(getComputedStyle(choice)))
            || (bar && bar.stroke !== 'none' && parseFloat(bar.strokeWidth) >= least);
    };
    const problems = [...document.querySelectorAll('[tabindex]')]
        .filter(e => e.tabIndex > 0).map(e => `${named(e)} jumps the order`);
    let before = null;
    for (const e of focusable().filter(e => e.tabIndex >= 0)) {
        e.focus({preventScroll: true});
        if (document.activeElement !== e) { problems.push(`${named(e)} takes no focus`); continue; }
        if (!hasRing(e)) problems.push(`${named(e)} shows no ring`);
        const box = e.getBoundingClientRect();
        if (before && e.closest('main')) {
            const isAbove = box.bottom <= before.top + 1;
            const shared = Math.min(box.bottom, before.bottom) - Math.max(box.top, before.top);
            const isBeside = shared > Math.min(box.height, before.height) / 2;
            if ((isOneColumn && isAbove) || (isBeside && box.right <= before.left + 1))
                problems.push(`${named(e)} stands before what precedes it`);
        }
        before = e.closest('main') ? box : null;
    }
    document.activeElement.blur();
    return problems;
}"""

_WORDS = """() => {
    const words = new Set();
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const holder = walker.currentNode.parentElement;
        if (!holder.closest('svg, datalist, template') && holder.checkVisibility({visibilityProperty: true}))
            for (const word of walker.currentNode.data.split(/\\s+/)) words.add(word);
    }
    return [...words].join(' ');
}"""

_CUT = """() => [...document.body.querySelectorAll('*')]
    .filter(e => !e.closest('svg') && isShown(e) && !e.matches('select, input, textarea'))
    .filter(e => getComputedStyle(e).clipPath === 'none')
    .filter(e => getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1)
    .filter(e => !e.matches('.table:not(.cohort, .stacked), pre, math, .highlight'))
    .concat([...document.querySelectorAll('caption')]
        .filter(e => isShown(e) && e.getBoundingClientRect().width > 1 && e.getBoundingClientRect().right > innerWidth))
    .map(e => `${named(e)} is cut`)"""

_TITLE = """() => {
    const title = document.querySelector('h1');
    const height = parseFloat(getComputedStyle(title).lineHeight);
    return [title.getBoundingClientRect().width, Math.round(title.getBoundingClientRect().height / height)];
}"""

_GLUED = """() => {
    const before = e => {
        let one = e.previousElementSibling;
        while (one && (!isShown(one) || one.getBoundingClientRect().height < 2)) one = one.previousElementSibling;
        return one;
    };
    const touches = (e, one) => {
        const [above, box] = [one.getBoundingClientRect(), e.getBoundingClientRect()];
        const isBelow = box.top >= above.bottom - 1;
        if (e.matches('h2, .asked, .semester, article > form'))
            return isBelow && box.top - above.bottom < 8 && !one.matches('.kicker, .about, details');
        return one.matches('.badge, .button')
            && (isBelow ? box.top - above.bottom < 3 : box.left >= above.left && box.left - above.right < 4);
    };
    const reaches = e => {
        const text = document.createRange();
        text.selectNodeContents(e);
        return text.getBoundingClientRect().left - e.parentElement.getBoundingClientRect().left < 8;
    };
    const crowded = [...document.querySelectorAll('.items > .here > .n')].filter(e => isShown(e) && reaches(e));
    return [...document.querySelectorAll('main :is(.badge, .button, h2, .asked, .semester, article > form)')]
        .filter(e => isShown(e) && before(e) && touches(e, before(e)))
        .map(e => `${named(e)} touches ${named(before(e))}`)
        .concat(crowded.map(e => `${named(e)} touches the bar that marks it`));
}"""


def small_targets(page: Page) -> list[str]:
    """What is touched and smaller than 44 × 44; a link within a sentence and a bar of a wave have their equals."""
    return list(chromium.measured(page, _with_common(_SMALL_TARGETS), LEAST_TARGET))


def focus_problems(page: Page, *, is_one_column: bool) -> list[str]:
    """What takes no focus, shows no ring of 3 px, or comes before what it follows on the screen."""
    page.keyboard.press("Tab")
    return list(chromium.measured(page, _with_common(_FOCUS_PROBLEMS), [LEAST_RING, is_one_column]))


def words(page: Page) -> set[str]:
    """Every word that the page shows."""
    return set(page.evaluate(_WORDS).split())


def cut_texts(page: Page) -> list[str]:
    """What overflows a box that hides the rest, and captions that go off the screen with their table.

    A wide table scrolls; one whose rows are laid out as blocks has nothing to scroll for.
    """
    return list(chromium.measured(page, _with_common(_CUT)))


def squeezed_title(page: Page) -> list[str]:
    """A main title folded in a column narrower than a telephone, which on a desk is meant for something else."""
    width, lines = chromium.measured(page, _TITLE)
    return [f"the title has {round(width)} px"] if width < chromium.REFLOW[0] and lines > 1 else []


def glued(page: Page) -> list[str]:
    """Badges and buttons that touch, titles and parts of a page that stand on what comes before them, and the number
    of the present activity on its bar.
    """
    return list(chromium.measured(page, _with_common(_GLUED)))


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


def double_text(page: Page) -> None:
    """The text alone, as a reader sets it in the browser; the window stays as it is."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")


def show_whole(page: Page, width: int, window: chromium.Window | None = None) -> None:
    """A window as high as the page, so that nothing fixed covers anything."""
    resize = window.resize if window else partial(chromium.resize, page)
    resize((width, 900))
    height = chromium.measured(page, "document.documentElement.scrollHeight")
    resize((width, max(900, int(height))))


def _with_common(function: str) -> str:
    return f"(given) => {{ {_COMMON} return ({function})(given); }}"
