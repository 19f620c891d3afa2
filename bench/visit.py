"""What a browser loads: Chromium with an empty cache, then the next page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, CDPSession, sync_playwright

_PROGRAMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
CHROMIUM = next((program for program in _PROGRAMS if Path(program).exists()), _PROGRAMS[0])
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True)
class Visit:
    """Sizes in kB as they cross the wire, headers included; `foreign` are the requests to anyone else."""

    requests: int
    wire: float
    script: float
    foreign: int


def ensure_browser() -> None:
    """Say at once, not after the rounds, that the browser is missing."""
    if not Path(CHROMIUM).exists():
        raise SystemExit(f"{CHROMIUM} is missing: install it, or leave the first visits out with --no-browser")


def visits(base_url: str, cookie: str, pages: Sequence[tuple[str, str]]) -> dict[str, tuple[Visit, Visit]]:
    """For each named path: the first visit of a new browser, then the page opened again with what is cached."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            return {name: _visit(browser, base_url, cookie, path) for name, path in pages}
        finally:
            browser.close()


def _visit(browser: Browser, base_url: str, cookie: str, path: str) -> tuple[Visit, Visit]:
    context = browser.new_context(base_url=base_url, locale="fr-FR")
    try:
        if cookie and path != "/connexion":
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": base_url}])
        return _load(context, base_url, path), _load(context, base_url, path)
    finally:
        context.close()


def _load(context: BrowserContext, base_url: str, path: str) -> Visit:
    page = context.new_page()
    session = context.new_cdp_session(page)
    seen = _Seen(session)
    response = page.goto(path, wait_until="networkidle")
    assert response is not None
    assert response.status == 200, (path, response.status)
    page.wait_for_timeout(300)
    page.close()
    return seen.visit(base_url)


class _Seen:
    """The browser's own account of its network: what came out of the cache is no request."""

    def __init__(self, session: CDPSession) -> None:
        self._addresses: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._sizes: dict[str, float] = {}
        self._cached: set[str] = set()
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.requestServedFromCache", lambda event: self._cached.add(event["requestId"]))
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, object]) -> None:
        self._addresses[str(event["requestId"])] = str(event["request"]["url"])  # type: ignore[index]
        self._types[str(event["requestId"])] = str(event.get("type", ""))

    def _received(self, event: dict[str, object]) -> None:
        if event["response"].get("fromDiskCache"):  # type: ignore[attr-defined]
            self._cached.add(str(event["requestId"]))

    def _finished(self, event: dict[str, object]) -> None:
        self._sizes[str(event["requestId"])] = float(str(event["encodedDataLength"]))

    def visit(self, base_url: str) -> Visit:
        sent = {
            number: address
            for number, address in self._addresses.items()
            if number not in self._cached and not address.startswith("data:")
        }
        return Visit(
            requests=len(sent),
            wire=sum(self._sizes.get(number, 0) for number in sent) / 1000,
            script=sum(self._sizes.get(number, 0) for number in sent if self._types[number] == "Script") / 1000,
            foreign=sum(not address.startswith(base_url) for address in sent.values()),
        )
