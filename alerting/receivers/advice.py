"""What a person can do about a receiver's answer: one sentence a code. Pure; a test holds that every code of the tables has one."""

from typing import Final

_SIGN_IN: Final = (
    "Slack does not take the token: look it up in the app's page (docs/slack.md), set NEWSWIRE_SLACK_TOKEN, and start Newswire anew"
)
_SLACK_SCOPES: Final = (
    "give the app the scopes of deploy/slack-app-manifest.yaml, install it to the workspace again, and take over its token"
)
_INCOMING: Final = "this incoming webhook is no longer there or may not post: make a new one in Slack (docs/slack.md) and set its variable"
_MESSAGE: Final = "this one message was refused, others go on; `newswire dead replay --all` sends it again"
_THREAD: Final = "the message in whose thread it belongs is gone from the channel; what was to be said there is in `newswire alerts`"
_ADDRESS: Final = "nobody takes messages at this address: put the variable that holds it right"
_ACCESS: Final = "the address refuses who we are: look at what it asks for, and at the secret"
_PEOPLE: Final = "the mail server refuses the sender or every recipient: look at `from` and `to` in routes.yaml"

_EDIT: Final = "the message that was to be edited is gone or may be edited no more; a reply or the next story is told as ever"
_THEIRS: Final = "the other side has a fault of its own; what may have arrived is looked for, or sent again"
_BROKEN: Final = "the connection broke before the answer came; what may have arrived is looked for, or sent again"

_ADVICE: Final = {
    "no_text": _MESSAGE,
    "msg_too_long": _MESSAGE,
    "msg_blocks_too_long": _MESSAGE,
    "invalid_blocks": _MESSAGE,
    "invalid_blocks_format": _MESSAGE,
    "invalid_attachments": _MESSAGE,
    "too_many_attachments": _MESSAGE,
    "invalid_arguments": _MESSAGE,
    "invalid_metadata": _MESSAGE,
    "metadata_too_large": _MESSAGE,
    "metadata_must_be_sent_from_app": "only an app's own token may carry what messages are found again by: use the bot token of docs/slack.md",
    "message_not_found": _EDIT,
    "cant_update_message": _EDIT,
    "edit_window_closed": _EDIT,
    "internal_error": _THEIRS,
    "fatal_error": _THEIRS,
    "service_unavailable": _THEIRS,
    "request_timeout": _THEIRS,
    "ConnectionResetError": _BROKEN,
    "ConnectionAbortedError": _BROKEN,
    "BrokenPipeError": _BROKEN,
    "RemoteDisconnected": _BROKEN,
    "RemoteProtocolError": _BROKEN,
    "IncompleteRead": _BROKEN,
    "ReadError": _BROKEN,
    "WriteError": _BROKEN,
    "SMTPServerDisconnected": _BROKEN,
    "invalid_auth": _SIGN_IN,
    "not_authed": _SIGN_IN,
    "account_inactive": _SIGN_IN,
    "token_revoked": _SIGN_IN,
    "token_expired": _SIGN_IN,
    "org_login_required": _SIGN_IN,
    "team_added_to_org": _SIGN_IN,
    "ekm_access_denied": "the workspace's administrators have suspended its keys: ask them",
    "missing_scope": _SLACK_SCOPES,
    "no_permission": _SLACK_SCOPES,
    "unknown_method": "NEWSWIRE_SLACK_URL leads to something that is not Slack's Web API",
    "channel_not_found": "no such channel: write it in routes.yaml as Slack names it, or by its id; invite the bot to a private one",
    "not_in_channel": "invite the bot to the channel: /invite @Newswire",
    "is_archived": "the channel is archived: restore it, or name another one in routes.yaml",
    "thread_not_found": _THREAD,
    "invalid_thread_ts": _THREAD,
    "cannot_reply_to_message": _THREAD,
    "restricted_action": "the workspace lets only some post there: ask its administrators, or name another channel",
    "channel_is_archived": "the channel is archived: restore it, or make an incoming webhook for another one",
    "user_not_found": "the person whom this incoming webhook writes to is gone: make a new one",
    "posting_to_general_channel_denied": "the workspace lets only some post in its general channel: make an incoming webhook for another one",
    "no_service": _INCOMING,
    "no_service_id": _INCOMING,
    "no_team": _INCOMING,
    "no_active_hooks": _INCOMING,
    "team_disabled": _INCOMING,
    "invalid_token": _INCOMING,
    "action_prohibited": "the workspace forbids incoming webhooks there: ask its administrators",
    "http_3": "the address leads elsewhere, which is not followed: write the address that it leads to in its variable",
    "http_401": _ACCESS,
    "http_403": _ACCESS,
    "http_407": _ACCESS,
    "http_511": "a network in between asks for a login first",
    "http_404": _ADDRESS,
    "http_405": _ADDRESS,
    "http_410": _ADDRESS,
    "http_421": _ADDRESS,
    "http_451": _ADDRESS,
    "http_4": _MESSAGE,
    "http_5": "the other side has a fault of its own; it is tried again",
    "html": "a web page answered: a login or a portal stands in between, or the address is that of no webhook",
    "not_ok": "the answer is not Slack's `ok`: the address is that of no incoming webhook, or something stands in between",
    "not_json": "what answered is not Slack: look at NEWSWIRE_SLACK_URL, and at what stands in between",
    "connection_refused": "nothing listens there: look at host and port, and whether that server runs",
    "ConnectionRefusedError": "nothing listens there: look at host and port, and whether that server runs",
    "no_connection": "no connection could be made: look at host, port and network",
    "connect_timeout": "no connection could be made in time: look at host, port and firewall",
    "dns": "the host's name is not known here: look at its spelling and at the name server",
    "gaierror": "the host's name is not known here: look at its spelling and at the name server",
    "tls": "no secure connection could be made: perhaps the port speaks another protocol",
    "tls_certificate": "its certificate is not to be trusted: where a private authority signs it, name that in SSL_CERT_FILE",
    "SSLCertVerificationError": "its certificate is not to be trusted: where a private authority signs it, name that in SSL_CERT_FILE",
    "timeout": "no answer in time; it is tried again",
    "calls_hang": "several calls hang there; it is tried again when one of them ends",
    "starttls_missing": "the server does not offer STARTTLS: smtps://HOST:465 in NEWSWIRE_SMTP_URL, or smtp+plain:// on a network that you trust",
    "login_missing": "the server asks for no login: take NEWSWIRE_SMTP_USER and NEWSWIRE_SMTP_PASSWORD out",
    "not_smtp": "what answers there is no mail server: look at NEWSWIRE_SMTP_URL",
    "smtp_530": "the server wants a login: NEWSWIRE_SMTP_USER, NEWSWIRE_SMTP_PASSWORD",
    "smtp_534": "the server wants another way to log in, often a password made for programs alone",
    "smtp_535": "the server does not take user and password: NEWSWIRE_SMTP_USER, NEWSWIRE_SMTP_PASSWORD",
    "smtp_538": "the server wants an encrypted connection: smtp:// or smtps:// in NEWSWIRE_SMTP_URL",
    "smtp_552": _MESSAGE,
    "smtp_4": "the mail server asks to come again later; it is tried again",
    "smtp_5": _PEOPLE,
    "rate_limited": "it is sent when the time has come",
    "unreadable_row": "written by a version of Newswire that this one does not understand; the log has more",
    "bug": "a fault of Newswire: the log has more",
}
_FAMILIES: Final = ("restricted_action", "invalid_metadata", "http_3", "http_4", "http_5", "smtp_4", "smtp_5")
ELSE: Final = "see the log"


def what_to_do(code: str) -> str:
    """Return the sentence for a receiver's code, for its family where it has none of its own."""
    if code in _ADVICE:
        return _ADVICE[code]
    return next((_ADVICE[family] for family in _FAMILIES if code.startswith(family)), ELSE)
