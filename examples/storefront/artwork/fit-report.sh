#!/bin/sh
# Prints the Fit Report in both languages. Needs chromium.
set -eu
cd "$(dirname "$0")"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
for language in en ja; do
  chromium --headless --no-sandbox --disable-gpu --user-data-dir="$profile" --no-pdf-header-footer \
    --print-to-pdf="../static/downloads/fit-report-$language.pdf" "file://$PWD/fit-report-$language.html" 2>/dev/null
done
