#!/bin/bash
# Makes the captures under testdata/captures with real software, in network namespaces of our own.
#
#   testdata/make/all.sh                   make every capture
#   testdata/make/all.sh http_browse ...   make only these
#   testdata/make/all.sh --list            say what there is
#   testdata/make/all.sh --no-install ...  do not call apt-get (the packages are there already)
#   OUT=/tmp/x testdata/make/all.sh ...    write there instead (a trial)
#
# Needs root on Debian 12. Nothing leaves the namespaces: they have no link to the outside, so a
# command that names another address gets "network unreachable". Each capture is made in a fresh
# network, by a child with a time limit, and everything is torn down when it ends, however it ends.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8     # the distribution's programs, not local ones

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export OUT=${OUT:-$(cd "$HERE/.." && pwd)/captures}
readonly HERE OUT
readonly LIMIT_SECONDS=150         # for one capture, network set-up included
readonly GZIP_ABOVE=100000         # bytes; larger captures are stored as .pcap.gz

# shellcheck source=testdata/make/lib.sh
source "$HERE/lib.sh"
for part in "$HERE"/captures.d/*.sh; do
  # shellcheck disable=SC1090
  source "$part"
done

main() {
  local install=yes names=()
  while (($#)); do
    case $1 in
      --list) printf '%s\n' "${CAPTURES[@]}"; return ;;
      --no-install) install=no ;;
      --one) one "$2"; return ;;
      -*) die "unknown option $1: see the head of $0" ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  ((EUID == 0)) || die "needs root: network namespaces and tcpdump"
  ((${#names[@]})) || names=("${CAPTURES[@]}")
  local n
  for n in "${names[@]}"; do
    [[ -n ${CONTENT[$n]:-} ]] || die "no capture is called '$n'; try --list"
  done
  exec 9>/run/lock/luanids-testdata.lock
  flock -n 9 || die "another run of $0 is in progress"
  [[ $install == no ]] || install_packages "${names[@]}"
  mkdir -p "$OUT"
  local failed=()
  for n in "${names[@]}"; do
    # In the background, so that a signal to us is handled at once and passed on to its whole group.
    timeout -k 10 "$LIMIT_SECONDS" "$HERE/all.sh" --one "$n" 9>&- &
    # shellcheck disable=SC2064
    trap "kill -TERM $! 2>/dev/null; wait; net_down; exit 130" INT TERM
    wait $! || failed+=("$n")
  done
  trap - INT TERM
  net_down          # in case a child was killed before it could clean up
  [[ ! $OUT -ef $HERE/../captures ]] || "$HERE/readme.sh"
  if ((${#failed[@]})); then die "failed: ${failed[*]}"; fi
}

# one NAME: makes a single capture in a fresh network and files it.
one() {
  local name=$1
  WORK=$(mktemp -d /tmp/luanids-testdata.XXXXXX)
  chmod 755 "$WORK"
  # shellcheck disable=SC2064  # the name is wanted now
  trap "finish \$? $name" EXIT
  trap 'exit 130' INT TERM
  net_down
  net_up
  cd "$WORK"
  exec 8>&2          # finish may run while stderr still goes to the log
  # Not in an "if": errexit must hold inside, so that a command that fails fails the capture.
  "cap_$name" >"$WORK/log" 2>&1
  [[ -z ${VERBOSE:-} ]] || cat "$WORK/log" >&2
  capture_stop
  file_capture "$name" "$WORK/capture.pcap"
}

# finish STATUS NAME: the clean-up of a child; on failure it shows what the commands said.
finish() {
  trap - EXIT
  if (($1)); then
    [[ ! -e $WORK/log ]] || tail -n 40 "$WORK/log" >&8
    echo "testdata/make: $2 failed (status $1)" >&8
  fi
  net_down
  rm -rf "$WORK"
  exit "$1"
}

main "$@"
