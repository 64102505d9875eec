"""The run that photographs the page in all its states still finds its way."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.screenshots import PHONE, STATES, WINDOWS, index, photographs


def test_a_phone_in_the_dark_is_led_through_all_states(browser: Browser, tmp_path: Path) -> None:
    names = photographs(browser, tmp_path, [f"{PHONE}x", "dark", "-00-"])
    assert {name.split("-", 3)[3] for name in names} == {state for state, _ in STATES if state}
    assert all((tmp_path / f"{name}.png").stat().st_size > 10_000 for name in names)
    assert all(f"{name}.png" in index(names) for name in names)
    assert PHONE in dict(WINDOWS)
