"""Tokens are good once and for ten minutes, proofs as long as the key lies beside the maps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer
from trio.testing import wait_all_tasks_blocked

from mapsrv.local.front import (
    KEY_BYTES,
    KEY_NAME,
    MAX_PROOF,
    MAX_TOKENS,
    PATIENCE_SECONDS,
    Front,
    address,
    load_front,
    parted,
)

KEY = b"k" * KEY_BYTES


def proof_of(front: Front) -> str:
    proof = front.trade(front.token())
    assert proof is not None
    return proof


async def test_a_proof_is_good_wherever_the_key_is_the_same() -> None:  # noqa: ASYNC124
    proof = proof_of(Front(KEY))
    assert len(proof) <= MAX_PROOF and Front(KEY).proves(proof)
    assert not Front(b"o" * KEY_BYTES).proves(proof) and not Front().proves(proof)


async def test_what_the_key_signs_for_another_purpose_is_no_proof() -> None:  # noqa: ASYNC124
    for salt in (b"itsdangerous.Signer", b"mapsrv.other"):
        assert not Front(KEY).proves(Signer(KEY, salt).sign("x").decode())


@given(st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.lists(st.text())))
def test_nothing_else_is_a_proof(value: object) -> None:
    assert not Front(KEY).proves(value)


@given(st.integers(0, 64), st.characters(codec="ascii"))  # the last letter's base64 has two bits to spare
def test_a_changed_proof_is_none(place: int, letter: str) -> None:
    async def changed() -> tuple[str, str]:  # noqa: ASYNC124
        proof = proof_of(Front(KEY))
        return proof, proof[:place] + letter + proof[place + 1 :]

    proof, other = trio.run(changed)
    assert proof == other or not Front(KEY).proves(other)


async def test_a_proof_has_one_form() -> None:  # noqa: ASYNC124
    """Base64 is read with + for - and / for _, and letters that it does not know are passed over."""
    front, proofs = Front(KEY), [proof_of(Front(KEY)) for _ in range(100)]
    others = [proof.replace("-", "+").replace("_", "/") for proof in proofs]
    others += [f"{proof[:30]}{letter}{proof[30:]}" for proof in proofs for letter in "!= \n"]
    changed = set(others) - set(proofs)
    assert len(changed) > 400 and not any(front.proves(other) for other in changed)
    assert all(front.proves(proof) for proof in proofs)


async def test_tokens_are_bounded_and_the_newest_are_good() -> None:  # noqa: ASYNC124
    front = Front()
    tokens = [front.token(f"map-{number}") for number in range(MAX_TOKENS + 1)]
    assert front.trade(tokens[0]) is None
    assert front.trade(tokens[1]) and front.trade(tokens[-1])


async def test_who_opened_a_browser_learns_at_once_that_its_page_came(autojump_clock: object) -> None:
    front, answers = Front(), []
    token = front.token()

    async def ask() -> None:
        answers.append(await front.is_waiting(token))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.sleep(PATIENCE_SECONDS - 1)
        front.trade(token)
        await wait_all_tasks_blocked()
        assert answers == [False]


async def test_and_after_ten_seconds_that_it_did_not(autojump_clock: object) -> None:
    front, begun = Front(), trio.current_time()
    assert await front.is_waiting(front.token()) is True
    assert trio.current_time() - begun == PATIENCE_SECONDS
    assert await front.is_waiting("of another life") is False


async def test_a_map_is_owed_until_its_user_shows_it(autojump_clock: object) -> None:
    front = Front()
    front.token("a")
    assert not front.is_owed("a") and not front.is_owed("b")
    await trio.sleep(PATIENCE_SECONDS)
    front.token("a")
    assert front.is_owed("a") and not front.is_owed("a")
    front.token("a")
    front.shown("a")
    await trio.sleep(PATIENCE_SECONDS)
    assert not front.is_owed("a")


def test_the_key_is_made_once_and_is_its_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    proof = trio.run(_proof_at, folder)
    assert (folder / KEY_NAME).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == [KEY_NAME]
    assert load_front(folder).proves(proof)


@pytest.mark.parametrize("spoil", ["mode", "short", "long", "gone", "elsewhere"])
def test_a_key_that_others_may_know_or_that_is_none_is_replaced(tmp_path: Path, spoil: str) -> None:
    proof, path = trio.run(_proof_at, tmp_path), tmp_path / KEY_NAME
    if spoil == "mode":
        path.chmod(0o640)
    elif spoil == "gone":
        path.unlink()
    elif spoil == "elsewhere":
        path.unlink()
        (tmp_path / "planted").write_bytes(KEY)
        path.symlink_to(tmp_path / "planted")
    else:
        path.write_bytes(b"x" if spoil == "short" else path.read_bytes() + b"x")
    assert not load_front(tmp_path).proves(proof)
    assert path.stat().st_mode & 0o777 == 0o600 and len(path.read_bytes()) == KEY_BYTES
    assert not path.is_symlink()


def test_without_a_folder_to_write_proofs_end_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    proof = trio.run(_proof_at, tmp_path / "file" / "data")
    assert not load_front(tmp_path / "file" / "data").proves(proof)


async def _proof_at(folder: Path) -> str:  # noqa: ASYNC124
    return proof_of(load_front(folder))


@pytest.mark.parametrize("link", ["http://h/?session=a", "http://h/"])
def test_an_address_is_parted_as_it_was_put_together(link: str) -> None:
    assert parted(address(link, "T")) == (link, "T") and parted(link) == (link, "")


def test_a_file_of_another_user_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = trio.run(_proof_at, tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert not load_front(tmp_path).proves(proof)
