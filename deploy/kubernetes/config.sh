#!/bin/sh
# Prints the desk's configuration folder as ConfigMaps: deploy/kubernetes/config.sh config | kubectl apply -f -
# Their names do not change with their content: running pods see a change within a minute or so, and take it without a restart.
set -eu
folder=${1:-config}
map() { kubectl create configmap "newswire-$1" --namespace newswire --dry-run=client -o yaml --from-file="$folder/$2"; }
map routes routes.yaml
for part in sources watchlists lists; do
  echo ---
  map "$part" "$part"
done
