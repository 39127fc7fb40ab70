"""Every secret that Newswire can be given, each with a canary in it: what is printed must hold none of them."""

from typing import Final

CANARIES: Final = {
    "NEWSWIRE_STORE": "postgresql+psycopg://canary-user:canary-store-password@127.0.0.1:1/db?sslpassword=canary-sslpassword",
    "NEWSWIRE_BUS": "kafka://127.0.0.1:1",
    "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS": "1000",  # nobody is there: tests wait until it is given up
    "NEWSWIRE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "NEWSWIRE_KAFKA_SASL_MECHANISM": "PLAIN",
    "NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME": "canary-kafka-user",
    "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD": "canary-kafka-password",
    "NEWSWIRE_SLACK_TOKEN": "xoxb-canary-slack-token",
    "NEWSWIRE_SLACK_URL": "http://127.0.0.1:1/api/",
    "NEWSWIRE_WEBHOOK_SECRET": "canary-webhook-secret",
    "NEWSWIRE_ARCHIVE_URL": "http://127.0.0.1:1/canary-webhook-address",
    "NEWSWIRE_TEAM_URL": "http://127.0.0.1:1/canary-slack-webhook-address",
    "NEWSWIRE_SMTP_URL": "smtp+plain://127.0.0.1:1",
    "NEWSWIRE_SMTP_USER": "canary-smtp-user",
    "NEWSWIRE_SMTP_PASSWORD": "canary-smtp-password",
}
ROUTES: Final = """\
receivers:
  - {name: desk, slack: {channel: "#desk"}}
  - {name: archive, webhook: {url_env: NEWSWIRE_ARCHIVE_URL}}
  - {name: team, slack_webhook: {url_env: NEWSWIRE_TEAM_URL}}
  - {name: chief, email: {to: chief@ministry.example, from: newswire@ministry.example}}
  - {name: screen, terminal: {}}
  - {name: morning, digest: {to: desk, at: "07:00", zone: Asia/Karachi}}
route: {to: desk}
ops: screen
"""
WATCHLIST: Final = """\
title: Submarine cables
severity: medium
status: active
when:
  any: [submarine cable, landing station]
  partners: any
tests:
  - {name: a cable, item: {title: Ministers open a submarine cable, label: diplomacy, partners: [OM]}, alert: true}
  - {name: no cable, item: {title: Ministers open a road, label: diplomacy, partners: [OM]}, alert: false}
"""
SOURCES: Final = """\
sources:
  - {url: "http://127.0.0.1:1/feed", outlet: Dawn, country: PK}
"""
