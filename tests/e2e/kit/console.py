"""What browsers write to their consoles: an error there is a bug that no test looked for.

Playwright tells of it while it is called, so what comes after a test's last call goes unheard.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, WebError

# The browser's own words for a request that failed: tests kill servers, and name addresses where nobody is.
REQUEST = re.compile(r"Failed to load resource|Access to \w+ at .* has been blocked by CORS policy")
# A file of the page itself that is not there is an error all the same.
OWN_FILE = re.compile(r"http://127\.0\.0\.1:\d+/((assets|basemap)/.*|[^/?]*\.(html|js|svg|txt))$")


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
        url = str(message.location.get("url"))
        request = REQUEST.match(message.text) is not None
        if message.type == "error" and (not request or ("404" in message.text and OWN_FILE.match(url))):
            self.errors.append(f"{message.text} ({url})")

    def _thrown(self, error: WebError) -> None:
        self.errors.append(f"thrown, and caught by nobody: {error.error}")

    def take(self) -> list[str]:
        """Return what was written since the last time."""
        errors, self.errors = self.errors, []
        return errors


CONSOLE = Console()  # of all browsers of this process; a test looks at it in its end
