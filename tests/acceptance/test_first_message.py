"""A new user's way to the first message in Slack, after the installation: a clone's own configuration, a channel, a token, `newswire run`."""

import time

import pytest

from tests.acceptance.test_five_articles import FIVE, said
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack
from tests.pages import pages

pytestmark = pytest.mark.acceptance


@pytest.mark.timeout(120)
def test_from_the_shipped_configuration_to_the_first_message(embedded: World, web: Web, slack: FakeSlack) -> None:
    article = FIVE["demo-us-gaming"]
    link = web.page("/article", article["title"], article["text"])
    embedded.sources(web.feed("/feed", [Entry(article["title"], article["summary"], link)]), outlet="Islamabad Wire", country="PK")
    embedded.allow_ports(web.port)
    embedded.slack(slack.url)
    taken = embedded.run("receivers", "test", "desk")
    # The page shows these lines; the last one holds an address of its own.
    shown = [line.strip() for line in pages()["docs/slack.md"].splitlines() if line.strip().startswith("desk: ")]
    assert len(shown) == 6
    assert [line for line in shown[:-1] if line not in taken.stdout] == []
    before = len(slack.posted)
    with embedded.start("run") as running:
        try:
            for _ in range(600):
                if len(slack.posted) > before:
                    break
                time.sleep(0.1)
        finally:
            running.terminate()
            running.communicate()
    assert len(slack.posted) == before + 1
    assert "gaming industry" in said(slack)
