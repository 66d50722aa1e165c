#!/usr/bin/env bash
# Makes tools/luanids.pgo, the profile by which the compiler optimises the binary (https://go.dev/doc/pgo), from replays of
# a capture with all kinds of traffic: with many rules, with those that ship, and with none.
#
#   tools/profile.sh CAPTURE RULES
set -eu
[ $# -eq 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
capture=$1 rules=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s build PGO=off BIN="$work/luanids"
replay() {
	name=$1
	shift
	"$work/luanids" -f "$capture" "$@" --eve "$work/eve.json" --output none --no-progress --cpu-profile "$work/$name.prof" >"$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
}
for round in 1 2 3 4; do
	replay "all$round" -r "$rules" -s none --workers 1
	replay "two$round" -r "$rules" -s none --workers 2
	replay "ships$round" --workers 2
	replay "none$round" -r none -s none --workers 1
done
go tool pprof -proto "$work"/*.prof >tools/luanids.pgo 2>"$work/log" || { cat "$work/log"; exit 1; }
ls -l tools/luanids.pgo
