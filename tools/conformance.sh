#!/usr/bin/env bash
# Scores the binary on a conformance suite and fails when fewer tests pass than the floor says,
# or when anything crashes or times out: tools/conformance.sh SUITE
set -eu
suite=$1
floor=$(cat .ci/conformance-floor)
out=$(python3 "$suite/run.py" --bin build/luanids --jobs 2 || true)
line=$(printf '%s\n' "$out" | tail -n 1)
printf '%s\n' "$out"
passed=$(printf '%s\n' "$line" | sed -nE 's/^conformance: ([0-9]+)\/.*/\1/p')
[ -n "$passed" ] || { echo "no score: $line"; exit 1; }
case $line in
*"crashes: 0, timeouts: 0"*) ;;
*) echo "crashes or time-outs: $line"; exit 1 ;;
esac
[ "$passed" -ge "$floor" ] || { echo "conformance: $passed tests pass, the floor is $floor"; exit 1; }
