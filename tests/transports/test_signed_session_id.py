"""Laws of the ids of MCP sessions: only what was sealed here, for this caller, and lately, can be opened."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from mapsrv.errors import NotFound
from mapsrv.secret_keys import MAX_KEYS, SecretKeys, new_key
from mapsrv.transports import signed_session_id
from mapsrv.transports.signed_session_id import AHEAD_SECONDS, LIFETIME_SECONDS, MAX_ID, SALT, Seal, Told
from mapsrv.wire.names import clean_name

KEY, OTHER = b"k" * 43, b"o" * 43
NOW = 1_800_000_000.0

seal = Seal(SecretKeys([KEY]))
names = st.text(st.characters(exclude_categories=()), max_size=400)  # lone surrogates too
plain_names = st.text(string.ascii_letters + string.digits + " -/.", max_size=36).map(clean_name)
principals = st.one_of(st.just(""), st.text(st.characters(exclude_categories=()), max_size=50))


def refused(seal: Seal, text: str, now: float = NOW, principal: str = "") -> bool:
    try:
        seal.open(text, now, principal)
    except NotFound as error:
        assert error.status == 404 and error.message.startswith("This server knows no such MCP session")
        return True
    return False


@given(plain_names, plain_names, principals, st.integers(0, 4_000_000_000))
def test_what_was_sealed_is_opened_as_it_was(name: str, version: str, principal: str, at: int) -> None:
    told = Told(name, version, float(at), principal)
    assert seal.open(seal.seal(told), at, principal) == told


@given(names, names, principals)
def test_whatever_a_client_is_called_its_id_is_short_visible_and_tells_how_the_name_begins(
    name: str, version: str, principal: str
) -> None:
    text = seal.seal(Told(name, version, NOW, principal))
    assert len(text) <= MAX_ID and all("!" <= letter <= "~" for letter in text)
    opened = seal.open(text, NOW, principal)
    assert clean_name(name).startswith(opened.name) and clean_name(version).startswith(opened.version)
    assert bool(opened.name) is bool(clean_name(name))


@given(st.data())
def test_an_id_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    text = seal.seal(Told("claude", "1.0", NOW))
    at = data.draw(st.integers(0, len(text) - 1))
    letters = string.ascii_letters + string.digits + "-_.=+/ \0é"
    letter = data.draw(st.sampled_from(letters).filter(lambda one: one != text[at]))
    assert refused(seal, text[:at] + letter + text[at + 1 :])


def test_every_other_spelling_of_the_last_character_is_refused() -> None:
    text = seal.seal(Told("claude", "1.0", NOW))
    spelled = [text[:-1] + letter for letter in string.ascii_letters + string.digits + "-_"]
    assert [other for other in spelled if not refused(seal, other)] == [text]


@given(st.one_of(st.text(), st.from_regex(r"[\w.-]{0,450}", fullmatch=True)))
def test_garbage_is_refused_and_raises_nothing_else(text: str) -> None:
    assert refused(seal, text)


@given(st.one_of(st.binary(max_size=100), st.sampled_from([b"[]", b"{}", b"[1,2,3,4,null]", b"[" * 90])))
def test_what_another_release_may_have_signed_is_refused_and_raises_nothing_else(payload: bytes) -> None:

    signer = Signer(KEY, SALT, key_derivation="hmac", digest_method=hashlib.sha256)
    assert refused(seal, signer.sign(base64_encode(payload)).decode())


@given(principals, principals)
def test_an_id_is_good_for_its_own_principal_alone(one: str, other: str) -> None:
    text = seal.seal(Told("claude", "1.0", NOW, one))
    assert refused(seal, text, principal=other) is (one != other)


def test_two_ids_of_one_principal_cannot_be_told_to_be() -> None:
    first, second = (seal.seal(Told("claude", "1.0", NOW, "ana")) for _ in range(2))
    assert first.split(".")[0][-30:-14] != second.split(".")[0][-30:-14]
    assert "YW5h" not in first, "ana, in base64"


def test_twins_of_one_second_have_ids_of_their_own() -> None:
    assert len({seal.seal(Told("claude", "1.0", NOW)) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("age", "gone"),
    [
        (0, False),
        (LIFETIME_SECONDS, False),
        (LIFETIME_SECONDS + 1, True),
        (-AHEAD_SECONDS, False),
        (-AHEAD_SECONDS - 1, True),
    ],
)
def test_an_id_ends_after_thirty_days_and_does_not_come_from_tomorrow(age: float, gone: bool) -> None:
    assert refused(seal, seal.seal(Told("claude", "1.0", NOW)), NOW + age) is gone


def test_an_id_that_was_opened_before_ends_all_the_same() -> None:
    text = seal.seal(Told("claude", "1.0", NOW))
    assert not refused(seal, text)
    assert refused(seal, text, NOW + LIFETIME_SECONDS + 1) and refused(seal, text, principal="another")
    assert not refused(seal, text)


def test_an_id_that_was_opened_before_is_refused_once_its_key_is_gone() -> None:
    keys = SecretKeys([KEY])
    seal = Seal(keys)
    text = seal.seal(Told("claude", "1.0", NOW))
    assert not refused(seal, text)
    for key in [new_key() for _ in range(MAX_KEYS)]:
        keys.sign_by(key)
    assert refused(seal, text)


def test_a_bounded_number_of_opened_ids_is_kept_and_all_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_session_id, "MAX_KNOWN", 3)
    seal = Seal(SecretKeys([KEY]))
    texts = [seal.seal(Told(f"claude {number}", "1.0", NOW)) for number in range(9)]
    for text in [*texts, *texts]:
        assert not refused(seal, text)
    assert len(seal._known) == 3


def test_an_id_of_another_deployment_is_refused() -> None:
    assert refused(seal, Seal(SecretKeys([OTHER])).seal(Told("claude", "1.0", NOW)))
    assert refused(Seal(SecretKeys()), Seal(SecretKeys()).seal(Told("claude", "1.0", NOW)))


def test_nothing_else_that_is_signed_by_the_same_key_is_an_id() -> None:
    text = seal.seal(Told("claude", "1.0", NOW))
    payload = text.split(".")[0]
    assert refused(seal, Signer(KEY, b"mapsrv.front").sign(payload).decode())


def test_through_a_rotation_ids_of_both_keys_are_good_and_the_first_key_signs() -> None:
    old, new = Seal(SecretKeys([KEY])), Seal(SecretKeys([OTHER, KEY]))
    before, after = (one.seal(Told("claude", "1.0", NOW)) for one in (old, new))
    assert not refused(new, before) and not refused(new, after)
    assert refused(old, after), "it knows the old key alone"
    assert refused(Seal(SecretKeys([OTHER])), before), "the rotation is over"


def test_a_process_that_takes_another_key_keeps_its_own_for_verifying() -> None:
    keys = SecretKeys([KEY])
    seal = Seal(keys)
    before = seal.seal(Told("claude", "1.0", NOW))
    keys.sign_by(OTHER)
    after = seal.seal(Told("claude", "1.0", NOW))
    assert keys.all == (OTHER, KEY) and not refused(seal, before) and not refused(seal, after)
    assert not refused(Seal(SecretKeys([OTHER])), after)


def test_a_process_keeps_a_bounded_number_of_keys_each_once() -> None:
    keys = SecretKeys([KEY])
    for key in [new_key() for _ in range(MAX_KEYS)]:
        keys.sign_by(key)
        keys.sign_by(key)
    assert len(keys.all) == MAX_KEYS == len(set(keys.all)) and KEY not in keys.all
    keys.sign_by(keys.all[3])
    assert len(keys.all) == MAX_KEYS == len(set(keys.all))
