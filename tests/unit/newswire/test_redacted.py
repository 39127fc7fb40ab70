"""What the commands hide of what they print."""

import pytest
from pydantic import SecretStr

from newswire.cli.redacted import redacted
from newswire.settings import Settings


def test_a_plain_word_as_the_mail_users_name_blots_out_none_of_our_own() -> None:
    told = {"do": ["`newswire run` starts the watch"]}
    assert redacted(told, Settings(smtp_user=SecretStr("newswire"))) == told


@pytest.mark.parametrize("user", ["AKIA4EXAMPLE7KEY", "ada@desk.example"])
def test_a_mail_users_name_that_is_an_address_or_a_key_is_hidden(user: str) -> None:
    assert redacted([f"535 {user} may not log in"], Settings(smtp_user=SecretStr(user))) == ["535 *** may not log in"]


def test_a_secret_that_is_a_plain_word_is_hidden_all_the_same() -> None:
    assert redacted("535 canary", Settings(smtp_password=SecretStr("canary"))) == "535 ***"
