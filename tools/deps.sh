#!/usr/bin/env bash
# Installs what the build and the tests need and a fresh Debian machine may lack.
set -eu
need=()
command -v gcc >/dev/null || need+=(gcc libc6-dev)
[ -e /usr/include/pcap/pcap.h ] || [ -e /usr/include/pcap.h ] || need+=(libpcap-dev)
command -v git >/dev/null || need+=(git)
[ ${#need[@]} -eq 0 ] && exit 0
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
echo "installing: ${need[*]}" >&2
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
