"""Write the mail about every message of `../slack` to `NAME.eml`: run it after a change of the mail, and read the difference."""

from datetime import UTC, datetime
from pathlib import Path

from alerting.message import from_json
from alerting.receivers.mail_text import mail, subject_of

HERE = Path(__file__).parent
for source in sorted((HERE.parent / "slack").glob("*.message.json")):
    message = from_json(source.read_text(encoding="utf-8"))
    made = mail(
        message,
        sender="newswire@ministry.example",
        to=("desk@ministry.example", "chief@ministry.example"),
        at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        subject=subject_of(message),
    )
    (HERE / source.name.replace(".message.json", ".eml")).write_bytes(made)
