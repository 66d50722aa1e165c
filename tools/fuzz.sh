#!/usr/bin/env bash
# Runs every fuzz target for a short time: tools/fuzz.sh 5s [PACKAGE...]
set -eu
time=${1:-5s}
shift || true
packages=("$@")
[ ${#packages[@]} -gt 0 ] || mapfile -t packages < <(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for pkg in "${packages[@]}"; do
	for target in $(grep -h --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' "$pkg"/*_test.go | sed 's/^func //' | sort -u); do
		echo "fuzz $pkg $target"
		go test -run '^$' -fuzz "^${target}\$" -fuzztime "$time" -fuzzminimizetime 1x "$pkg" >"$log" 2>&1 && continue
		# The go command now and then fails with its own deadline when the time is up, without a
		# finding: a finding names the input that it wrote.
		if grep -q 'context deadline exceeded' "$log" && ! grep -Eq 'Failing input|panic|FAIL: .*/seed' "$log"; then
			echo "  the time was up"
			continue
		fi
		cat "$log"
		exit 1
	done
done
