"""What `newswire run` says first: whom it tells, by the routes in force and never by an address."""

from alerting.desk import Desk, desk_of
from alerting.routes import Routes
from alerting.watchlists.load import DeskFiles
from newswire.cli.run import _listed, _reached, _told
from tests.fakes import NOW

ROUTES = {
    "receivers": [
        {"name": "desk", "slack": {"channel": "#it-diplomacy"}},
        {"name": "archive", "webhook": {"url_env": "NEWSWIRE_ARCHIVE_URL"}},
        {"name": "team", "email": {"to": ["desk@ministry.example"], "from": "newswire@ministry.example"}},
        {"name": "spare", "slack": {"channel": "#spare"}},
        {"name": "morning", "digest": {"to": "team", "at": "07:00"}},
    ],
    "route": {"to": "morning", "routes": [{"match": {"severity": "high"}, "to": ["desk", "archive"]}]},
    "fallback": "spare",
}


def _desk(*, on_terminal: bool) -> Desk:
    files = DeskFiles({}, {}, Routes.model_validate(ROUTES), (), ())
    return desk_of(files, digest="", since=NOW, on_terminal=on_terminal)


def _said(desk: Desk) -> str:
    return _listed([_told(one) for one in _reached(desk)])


def test_those_whom_routes_reach_are_named_and_no_others() -> None:
    assert _said(_desk(on_terminal=False)) == "#it-diplomacy in Slack, archive by webhook and team by email"


def test_without_a_token_the_terminal_stands_in_for_slack_alone() -> None:
    assert _said(_desk(on_terminal=True)) == "archive by webhook, team by email and this terminal"
