#!/bin/sh
# Makes what is missing of the secrets that compose.yaml reads, and asks for the Slack token; what is there stays as it is.
set -eu
umask 077
folder=$(dirname "$0")/secrets
cd "$folder"
chmod 700 .

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# Containers read these as users of their own, so the files are open to all; the folder is not, so nobody else of this machine comes to them.
keep() { cat >"$1" && chmod 644 "$1"; }

[ -s postgres ] || random | keep postgres
[ -s store ] || printf 'postgresql+psycopg://newswire:%s@postgres:5432/newswire' "$(cat postgres)" | keep store
[ -s grafana ] || random | keep grafana
if [ ! -s slack ]; then
  printf 'Slack bot token (xoxb-…; empty: alerts stand in the log): ' >&2
  read -r token || token=
  if [ -n "$token" ]; then printf '%s' "$token" | keep slack; fi
fi
if [ -s slack ]; then
  echo "Tell compose of the token: export SLACK_TOKEN_FILE=./deploy/compose/secrets/slack (or a line in .env)"
fi
