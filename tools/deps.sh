#!/usr/bin/env bash
# Installs what the build needs and a fresh Debian machine may lack; with "test" what tests with real
# programs need, too.
set -eu
need=()
command -v gcc >/dev/null || need+=(gcc libc6-dev)
[ -e /usr/include/pcap/pcap.h ] || [ -e /usr/include/pcap.h ] || need+=(libpcap-dev)
command -v git >/dev/null || need+=(git)
if [ "${1:-}" = test ]; then
	# Tests in network namespaces and of the package are skipped without these and without root.
	command -v ip >/dev/null || need+=(iproute2)
	command -v curl >/dev/null || need+=(curl)
	[ -x /usr/sbin/nginx ] || need+=(nginx-light)
	# Live tests: testdata/live/real.sh and tools/loadtest.sh. RUNLEVEL below keeps services from starting.
	for p in tcpdump tcpreplay jq ethtool openssl nmap; do command -v "$p" >/dev/null || [ -x "/usr/sbin/$p" ] || need+=("$p"); done
	command -v tshark >/dev/null || need+=(tshark)
	command -v mergecap >/dev/null || need+=(wireshark-common)
	command -v setcap >/dev/null || [ -x /usr/sbin/setcap ] || need+=(libcap2-bin)
	command -v python3 >/dev/null || need+=(python3-minimal)
	command -v adduser >/dev/null || [ -x /usr/sbin/adduser ] || need+=(adduser)
	command -v lintian >/dev/null || need+=(lintian)
fi
[ ${#need[@]} -eq 0 ] && exit 0
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
echo "installing: ${need[*]}" >&2
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
