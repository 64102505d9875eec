"""axe-core, the judge of whether everybody can use a page; npm brings it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.kit import node

SCRIPT = node.MODULES / "axe-core" / "axe.min.js"
# Moving things are judged where they come to rest.
RUN = """async () => {
    await Promise.all(document.getAnimations().map(it => it.finished.catch(() => 0)));
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) =>
        `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`)) }"""


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page as it stands, by all its rules."""
    node.installed()
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text())  # not by a tag, which the page's own policy forbids
    found: list[str] = page.evaluate(RUN)
    return found
