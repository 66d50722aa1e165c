#!/usr/bin/env bash
# Runs every fuzz target for a short time: tools/fuzz.sh 5s [PACKAGE...]
set -eu
time=${1:-5s}
shift || true
packages=("$@")
[ ${#packages[@]} -gt 0 ] || mapfile -t packages < <(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u)
for pkg in "${packages[@]}"; do
	for target in $(grep -h --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' "$pkg"/*_test.go | sed 's/^func //' | sort -u); do
		echo "fuzz $pkg $target"
		go test -run '^$' -fuzz "^${target}\$" -fuzztime "$time" -fuzzminimizetime 1x "$pkg" >/tmp/luanids-fuzz.$$ 2>&1 || { cat /tmp/luanids-fuzz.$$; rm -f /tmp/luanids-fuzz.$$; exit 1; }
	done
done
rm -f /tmp/luanids-fuzz.$$
