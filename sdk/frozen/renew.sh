#!/usr/bin/env bash
# Takes a new snapshot of the draft ABI header and enters the change into the changelog. Released snapshots never change.
#
#   sdk/frozen/renew.sh "what changed and why"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -eq 1 ] || { sed -n '2,4p' frozen/renew.sh >&2; exit 2; }
cp include/nascent/abi.h frozen/abi-1.0-draft.h
entry="- $(date +%F) \`$(sha256sum include/nascent/abi.h | cut -c1-16)\` $1"
awk -v entry="$entry" '{ print } /^## 1.0-draft/ { getline; print; print entry }' CHANGELOG.md >CHANGELOG.md.new
mv CHANGELOG.md.new CHANGELOG.md
