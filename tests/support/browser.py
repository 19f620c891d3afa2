"""Debian's Chromium: pages as people meet them, and what axe finds in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page

_PROGRAMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))

CHROMIUM = next((program for program in _PROGRAMS if program.exists()), _PROGRAMS[-1])
"""The same browser without its windows where Debian has it: a fifth less work for the same pages."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages live for a second or two: to compile their scripts for speed costs more than it gives.
    "--js-flags=--no-turbofan --invocation-count-for-maglev=2000",
]

PHONE, DESK = (390, 844), (1280, 900)
REFLOW = (320, 640)
BETWEEN = (360, 375, 900, 1024)
"""Widths of other phones and of small windows, where what is laid out for the next one may be too wide."""
ZOOMED = (320, 256)
"""1280 × 1024 seen at 400 %."""

Theme = Literal["light", "dark"]

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "RGAAv4", "best-practice"]

_AXE = next((Path(__file__).parents[1] / "vendor").glob("axe-core-*/axe.min.js"))

_RUN_AXE = """async only => {
    if (!window.axe) return null;
    const stays = each => ['fixed', 'sticky'].includes(getComputedStyle(each).position);
    const bars = [...document.querySelectorAll('body *')].filter(stays);
    bars.forEach(bar => { bar.style.position = 'static'; });
    const found = await axe.run(document, {runOnly: only, resultTypes: ['violations'], preload: false});
    bars.forEach(bar => { bar.style.position = ''; });
    const places = rule => rule.nodes.slice(0, 5).map(node => node.target.join(' ')).join(', ');
    return found.violations.map(rule => `${rule.id} (${rule.impact}): ${rule.help}: ${places(rule)}`);
}"""


@contextmanager
def context(browser: Browser, url: str, **options: Any) -> Iterator[BrowserContext]:
    """A visitor with a clean browser; requests that leave the site are cut, and fail the test at the end."""
    strays: list[str] = []
    made = browser.new_context(
        base_url=url,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        bypass_csp=True,
        **{"viewport": _size(DESK), **options},
    )
    made.set_default_timeout(10_000)

    def keep_inside(route: Any) -> None:
        address = route.request.url
        if address.startswith((url, "data:", "blob:")):
            route.continue_()
        else:
            strays.append(address)
            route.abort()

    made.route("**/*", keep_inside)
    try:
        yield made
    finally:
        made.close()
    assert not strays, f"the page asked elsewhere: {strays}"


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size(_size(size))  # type: ignore[arg-type]


class Window:
    """The window of a page that is laid out, measured and read by axe, in any size and theme.

    Its context has `no_viewport`: this alone says how large it is.
    """

    def __init__(self, page: Page) -> None:
        self._page, self._session = page, page.context.new_cdp_session(page)
        self._size = (0, 0)
        self._theme = ""

    def act_in(self, size: tuple[int, int]) -> None:
        """A window where things are pressed and typed."""
        self._show(size, scale=1)

    def resize(self, size: tuple[int, int]) -> None:
        """A window that is only measured: drawn at a tenth of its size, which changes neither layout nor measures."""
        if size != self._size:
            self._show(size, scale=0.1)

    def _show(self, size: tuple[int, int], *, scale: float) -> None:
        width, height = self._size = size
        screen = {"screenWidth": width, "screenHeight": height}
        shown = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False, "scale": scale}
        self._session.send("Emulation.setDeviceMetricsOverride", shown | screen)

    def use_theme(self, theme: Theme) -> None:
        if theme != self._theme:
            self._page.emulate_media(color_scheme=theme)
            self._theme = theme


def give_axe(context: BrowserContext) -> None:
    """Load axe with each page that this visitor opens, which is quicker than to send it to each."""
    context.add_init_script(path=str(_AXE))


def measured(page: Page, function: str, given: object = None) -> Any:
    """What a function finds on the page once it is there whole: without its styles, or empty, it measures otherwise."""
    page.wait_for_load_state()
    return page.evaluate(function, given)


def axe(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds on the page, one line a rule with the elements concerned: its RGAA set, or `rules`.

    Bars that stay in view are put in the page meanwhile: what happens to lie under one can be scrolled from there.
    """
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_TAGS}
    found = measured(page, _RUN_AXE, only)
    if found is None:
        page.evaluate(_AXE.read_text())
        found = page.evaluate(_RUN_AXE, only)
    return list(found)


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window: nobody should have to scroll in two directions to read."""
    return bool(measured(page, "document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def focus_order(page: Page, limit: int = 60) -> list[str]:
    """What the Tab key reaches, in order, each by its role, name or text."""
    page.evaluate("document.activeElement && document.activeElement.blur()")
    reached: list[str] = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "() => { const e = document.activeElement; if (!e || e === document.body) return '';"
            " return e.tagName.toLowerCase() + ' '"
            " + (e.getAttribute('aria-label') || e.name || e.innerText || '').trim().slice(0, 60); }"
        )
        if not name:
            break
        reached.append(name)
    return reached


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Se connecter").click()


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}
