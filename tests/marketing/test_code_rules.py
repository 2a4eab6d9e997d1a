"""A code's token is short, signed, and cannot be made without a key."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.marketing.rules import is_slug, make_token, token_is_genuine
from app.marketing.values import CampaignKind, Channel, CodeKind

KEY, OLD_KEY = b"k" * 32, b"o" * 32
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
random_bytes = st.binary(min_size=16, max_size=32)
keys = st.binary(min_size=16, max_size=64)


@given(entropy=random_bytes, key=keys)
def test_token_is_twenty_characters_that_need_no_escaping_and_is_genuine(entropy: bytes, key: bytes) -> None:
    token = make_token(entropy, key)
    assert len(token) == 20
    assert token.isalnum()
    assert token.isascii()
    assert token_is_genuine(token, [key])
    assert token_is_genuine(token, [OLD_KEY, key, KEY])


@given(entropy=random_bytes, key=keys, other=keys)
def test_token_of_another_key_or_without_keys_is_not_genuine(entropy: bytes, key: bytes, other: bytes) -> None:
    token = make_token(entropy, key)
    # HMAC pads short keys with zero bytes, so keys that differ only there are one key.
    if key.rstrip(b"\0") != other.rstrip(b"\0"):
        assert not token_is_genuine(token, [other])
    assert not token_is_genuine(token, [])


@given(entropy=random_bytes, place=st.integers(0, 19), letter=st.sampled_from(BASE62))
def test_changed_character_anywhere_makes_a_token_false(entropy: bytes, place: int, letter: str) -> None:
    token = make_token(entropy, KEY)
    changed = token[:place] + letter + token[place + 1 :]
    assert token_is_genuine(changed, [KEY]) == (changed == token)


def test_last_eight_characters_are_the_end_of_the_hmac_in_base_62() -> None:
    token = make_token(bytes(16), KEY)
    assert token[:12] == "0" * 12
    number = int.from_bytes(hmac.new(KEY, b"code:000000000000", hashlib.sha256).digest(), "big") % 62**8
    assert sum(BASE62.index(letter) * 62 ** (7 - place) for place, letter in enumerate(token[12:])) == number


def test_old_tokens_stay_genuine_after_a_new_key_came() -> None:
    token = make_token(b"\x01" * 16, OLD_KEY)
    assert not token_is_genuine(token, [KEY])
    assert token_is_genuine(token, [KEY, OLD_KEY])


@pytest.mark.parametrize("shape", ["", "{}x", " {}", "{}\n", "{}".format("é" * 20), "Ａ" * 20, "../" + "a" * 17])
def test_text_of_another_form_is_no_token(shape: str) -> None:
    assert not token_is_genuine(shape.replace("{}", make_token(bytes(16), KEY)), [KEY])


@given(text=st.text(max_size=40))
def test_any_text_is_answered_without_a_fault(text: str) -> None:
    assert token_is_genuine(text, [KEY]) in (True, False)
    assert is_slug(text) in (True, False)


def test_equal_randomness_gives_equal_tokens_and_little_is_refused() -> None:
    assert make_token(bytes(16), KEY) == make_token(bytes(16), KEY)
    assert len({make_token(number.to_bytes(16, "big"), KEY) for number in range(1_000)}) == 1_000
    with pytest.raises(ValueError, match="16 random bytes"):
        make_token(bytes(15), KEY)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("abcd2345", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("abc1234", False),
        ("Abcd2345", False),
        ("abcd-2345", False),
        ("abcd2345\n", False),
        ("店铺店铺店铺店铺", False),
    ],
)
def test_slug_is_eight_to_thirty_two_lower_case_letters_and_digits(text: str, fits: bool) -> None:
    assert is_slug(text) == fits


def test_kinds_and_channels_are_those_of_the_api() -> None:
    assert [kind.value for kind in CodeKind] == ["SHOP", "PRODUCT", "MATERIAL", "CAMPAIGN", "STORE", "QUOTATION"]
    assert [kind.value for kind in CampaignKind] == ["COUPON", "GROUP_BUY", "CHAIN_ORDER", "RED_PACKET", "DRAW"]
    assert len(Channel) == 12
