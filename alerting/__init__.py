"""From `news.reports` to readers: watchlists, stories, decisions, the outbox and its receivers.

Reads: `news.reports`, `config/watchlists/`, `config/lists/`, `config/routes.yaml`, the report archive.
Writes: archive, stories, decisions and outbox in one store transaction, the search index after it; Slack or the terminal; `news.alerts`.
Never: fetches from the world, changes what was understood, sends before the outbox row is durable.
"""
