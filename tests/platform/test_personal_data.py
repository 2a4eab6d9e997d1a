"""Personal data at rest: sealed for one brand and field, found by keyed hashes, readable across a change of keys."""

import os
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from app.platform.personal_data import PersonalData, grams
from app.platform.secrets import KeyRing, Secrets

BRAND, OTHER = UUID(int=1), UUID(int=2)
PHONE = "+8619900001234"


def make_secrets(kid: str = "k1", old: Secrets | None = None) -> Secrets:
    def ring(before: KeyRing | None) -> KeyRing:
        return KeyRing(current=kid, keys={kid: os.urandom(32), **(before.keys if before else {})})

    return Secrets(
        signing=ring(old.signing if old else None),
        encryption=ring(old.encryption if old else None),
        hashing=ring(old.hashing if old else None),
    )


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return make_secrets()


@pytest.fixture(scope="module")
def vault(secrets: Secrets) -> PersonalData:
    return PersonalData(secrets)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_sealed_text_comes_back_and_does_not_show(text: str) -> None:
    vault = PersonalData(make_secrets())
    sealed = vault.seal(BRAND, "name", text)
    assert vault.open(BRAND, "name", sealed) == text
    assert len(text.encode()) < 6 or text.encode() not in sealed


def test_equal_texts_seal_differently_each_time(vault: PersonalData) -> None:
    assert len({vault.seal(BRAND, "phone", PHONE) for _ in range(100)}) == 100


def test_ciphertext_opens_for_no_other_brand_and_no_other_field(vault: PersonalData) -> None:
    sealed = vault.seal(BRAND, "phone", PHONE)
    for brand_id, field in ((OTHER, "phone"), (BRAND, "name"), (BRAND, "phone2"), (BRAND, "")):
        with pytest.raises(InvalidTag):
            vault.open(brand_id, field, sealed)
    assert vault.open(BRAND, "phone", sealed) == PHONE


def test_changed_byte_is_noticed_wherever_it_is(vault: PersonalData) -> None:
    sealed = vault.seal(BRAND, "phone", PHONE)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises((InvalidTag, KeyError, UnicodeDecodeError)):
            vault.open(BRAND, "phone", changed)


def test_what_was_never_given_or_was_erased_opens_as_nothing(vault: PersonalData) -> None:
    assert vault.open(BRAND, "phone", None) is None


def test_ciphertext_and_hash_name_their_key(vault: PersonalData) -> None:
    assert vault.seal(BRAND, "phone", PHONE).startswith(b"k1\0")
    assert vault.digest(BRAND, "phone", PHONE).startswith("k1:")


def test_hash_depends_on_brand_field_text_and_key(vault: PersonalData) -> None:
    own = vault.digest(BRAND, "phone", PHONE)
    assert own == vault.digest(BRAND, "phone", PHONE)
    assert len(own) == len("k1:") + 32
    others = {
        vault.digest(OTHER, "phone", PHONE),
        vault.digest(BRAND, "phone_tail", PHONE),
        vault.digest(BRAND, "phone", PHONE + "0"),
        PersonalData(make_secrets()).digest(BRAND, "phone", PHONE),
    }
    assert len(others) == 4
    assert own not in others


def test_field_and_text_cannot_be_shifted_into_each_other(vault: PersonalData) -> None:
    assert vault.digest(BRAND, "ab", "c") != vault.digest(BRAND, "a", "bc")


def test_after_a_rotation_old_rows_open_and_are_found_and_new_ones_use_the_new_key(secrets: Secrets) -> None:
    before = PersonalData(secrets)
    sealed, digest = before.seal(BRAND, "phone", PHONE), before.digest(BRAND, "phone", PHONE)
    after = PersonalData(make_secrets("k2", secrets))
    assert after.open(BRAND, "phone", sealed) == PHONE
    assert after.digests(BRAND, "phone", PHONE) == [after.digest(BRAND, "phone", PHONE), digest]
    assert after.digest(BRAND, "phone", PHONE).startswith("k2:")
    assert after.seal(BRAND, "phone", PHONE).startswith(b"k2\0")


def test_retired_key_opens_nothing(secrets: Secrets) -> None:
    sealed = PersonalData(secrets).seal(BRAND, "phone", PHONE)
    with pytest.raises(KeyError):
        PersonalData(make_secrets("k9")).open(BRAND, "phone", sealed)


def test_derived_keys_last_through_a_rotation_and_differ_by_purpose(secrets: Secrets) -> None:
    before, after = PersonalData(secrets), PersonalData(make_secrets("k2", secrets))
    [old] = before.derived_keys("code")
    assert after.derived_keys("code")[1] == old != after.derived_keys("code")[0]
    assert before.derived_keys("visitor") != [old]


def test_mac_depends_on_purpose_and_value(vault: PersonalData) -> None:
    value = uuid4().bytes
    made = {vault.mac("visitor", value), vault.mac("sign-in-code", value), vault.mac("visitor", uuid4().bytes)}
    assert len(made) == 3
    assert vault.mac("visitor", value) in made
    assert {len(mac) for mac in made} == {32}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王小明", {"王", "小", "明", "王小", "小明"}),
        ("王 小 明", {"王", "小", "明", "王小", "小明"}),
        ("ＡＢ", {"a", "b", "ab"}),
        ("李", {"李"}),
        ("  ", set()),
    ],
)
def test_grams_are_folded_ones_and_twos(text: str, expected: set[str]) -> None:
    assert set(grams(text)) == expected


def test_part_of_a_name_is_found_among_its_gram_hashes(vault: PersonalData) -> None:
    stored = vault.gram_digests(BRAND, "name", "欧阳小明小")
    assert stored == sorted(set(stored))
    assert set(vault.gram_digests(BRAND, "name", "小明")) <= set(stored)
    assert not set(vault.gram_digests(BRAND, "name", "大明")) <= set(stored)
    assert not set(vault.gram_digests(OTHER, "name", "小明")) & set(stored)
