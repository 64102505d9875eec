"""What browsers write to their consoles: an error there is a bug that no test looked for.

Playwright tells of it while it is called, so what comes after a test's last call goes unheard.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, WebError

# The browser's own words for a request that failed, which no script wrote.
REQUEST = re.compile(
    r"Failed to load resource|Access to \w+ at .* has been blocked by CORS policy|EventSource"
)


class Console:
    """`errors` are of all pages of a browser, since they were taken last."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def listen(self, browser: Browser) -> None:
        """Hear all contexts that will be made."""
        plain = browser.new_context

        def new_context(*args: Any, **kwargs: Any) -> BrowserContext:
            context = plain(*args, **kwargs)
            context.on("console", self._said)
            context.on("weberror", self._thrown)
            return context

        browser.new_context = new_context  # type: ignore[method-assign]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def _thrown(self, error: WebError) -> None:
        self.errors.append(f"thrown, and caught by nobody: {error.error}")

    def take(self, *, requests_fail: bool) -> list[str]:
        """Return what was written; less the browser's notes of requests that failed on purpose."""
        errors, self.errors = self.errors, []
        return [error for error in errors if not (requests_fail and REQUEST.match(error))]


CONSOLE = Console()  # of all browsers of this process; a test looks at it in its end
