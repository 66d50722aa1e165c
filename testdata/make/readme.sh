#!/bin/bash
# Writes the table in testdata/README.md from testdata/captures/index.tsv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
{
  sed '/^<!-- table/,$d' README.md
  echo '<!-- table: written by make/readme.sh from captures/index.tsv; do not edit below -->'
  echo
  echo '| capture | packets | seconds | made with (Debian 12 packages) | content |'
  echo '|---|---:|---:|---|---|'
  while IFS=$'\t' read -r _ file packets seconds versions content; do
    echo "| \`$file\` | $packets | $seconds | $versions | $content |"
  done < <(cat captures/index.tsv 2>/dev/null)
} >README.md.new
mv README.md.new README.md
