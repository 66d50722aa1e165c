# The network, the recorder and the register of captures. Sourced by all.sh.
# shellcheck shell=bash disable=SC2086  # our addresses and device names have no spaces

# The hosts. Each is a namespace; gw routes between three links and is where we record.
#
#   cli 10.10.1.10   2001:db8:1::10   ┐
#   atk 203.0.113.66 2001:db8:66::66  ┼─ gw ─ srv 10.10.2.20 2001:db8:2::20 (+ .53 for DNS, .25 for mail)
#
readonly PREFIX=lntd-
readonly HOSTS=(gw cli srv atk)
readonly CLI4=10.10.1.10 SRV4=10.10.2.20 ATK4=203.0.113.66 DNS4=10.10.2.53 MX4=10.10.2.25
readonly CLI6=2001:db8:1::10 SRV6=2001:db8:2::20 ATK6=2001:db8:66::66

CAPTURES=()                # in the order of definition
declare -A CONTENT PACKAGES

# about NAME "PACKAGES" "CONTENT": registers a capture; the function cap_NAME makes it.
about() { CAPTURES+=("$1"); PACKAGES[$1]=$2; CONTENT[$1]=$3; }

die() { echo "testdata/make: $*" >&2; exit 1; }

# What every capture needs, whatever else it asks for.
readonly BASE_PACKAGES="iproute2 ethtool tcpdump tshark curl ncat openssl python3 procps util-linux nginx-light"

install_packages() {
  local n want=$BASE_PACKAGES missing=()
  for n in "$@"; do want+=" ${PACKAGES[$n]}"; done
  for n in $want; do
    dpkg-query -W -f '${Status}' "$n" 2>/dev/null | grep -q 'ok installed' || missing+=("$n")
  done
  ((${#missing[@]})) || return 0
  echo "installing: ${missing[*]}"
  # RUNLEVEL=1: the packages' own services must not start; we run the servers ourselves.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# at HOST COMMAND...: runs a command on a host, with that host's /etc files.
at() { local h=$1; shift; ip netns exec "$PREFIX$h" "$@"; }

# start HOST COMMAND...: the same in the background, its output to the log; ends with the capture.
start() { at "$@" </dev/null & }

# wait_tcp HOST ADDRESS PORT: until something listens there; the probe stays inside the host.
wait_tcp() {
  for _ in $(seq 100); do
    if at "$1" ss -Hltn "sport = :$3" | grep -q .; then return 0; fi
    sleep 0.1
  done
  die "nothing listens on $2 port $3"
}

wait_udp() {
  for _ in $(seq 100); do
    if at "$1" ss -Hlun "sport = :$3" | grep -q .; then return 0; fi
    sleep 0.1
  done
  die "nothing listens on $2 udp port $3"
}

# link HOST MAC GW_MAC V4 GW_V4 V6 GW_V6: a veth pair between HOST (eth0) and gw (named after HOST).
link() {
  local h=$1
  ip link add "$h" netns ${PREFIX}gw address "$3" type veth peer name eth0 netns "$PREFIX$h" address "$2"
  local side dev
  for side in gw "$h"; do
    dev=$([[ $side == gw ]] && echo "$h" || echo eth0)
    # Real checksums and frames no larger than the MTU, as on a wire.
    at "$side" ethtool -K "$dev" rx off tx off tso off gso off gro off sg off >/dev/null 2>&1
    at "$side" sysctl -qw "net.ipv6.conf.$dev.accept_dad=0" \
      "net.ipv6.conf.$dev.router_solicitations=0"
    at "$side" ip link set "$dev" up
  done
  at gw ip addr add "$5/24" dev "$h"
  at gw ip addr add "$7/64" dev "$h" nodad
  at "$h" ip addr add "$4/24" dev eth0
  at "$h" ip addr add "$6/64" dev eth0 nodad
  at "$h" ip route add default via "$5"
  at "$h" ip -6 route add default via "$7"
}

net_up() {
  local h
  for h in "${HOSTS[@]}"; do
    mkdir -p "/etc/netns/$PREFIX$h"
    etc_files "/etc/netns/$PREFIX$h"
    ip netns add "$PREFIX$h"
    at "$h" ip link set lo up
  done
  at gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  link cli 02:00:0a:0a:01:10 02:00:0a:0a:01:01 $CLI4 10.10.1.1 $CLI6 2001:db8:1::1
  link srv 02:00:0a:0a:02:20 02:00:0a:0a:02:01 $SRV4 10.10.2.1 $SRV6 2001:db8:2::1
  link atk 02:00:cb:00:71:42 02:00:cb:00:71:01 $ATK4 203.0.113.1 $ATK6 2001:db8:66::1
  at srv ip addr add $DNS4/24 dev eth0
  at srv ip addr add $MX4/24 dev eth0
}

# etc_files DIR: the /etc files that commands on a host see instead of the machine's own
# (ip-netns(8) mounts them), so accounts for ssh and ftp never exist outside.
etc_files() {
  local d=$1 hash
  hash=$(openssl passwd -6 -salt luanids 'Correct-Horse-7')
  cp /etc/passwd /etc/group /etc/shadow "$d/"
  chmod 600 "$d/shadow"
  echo "alice:x:4001:4001:Alice:$WORK/home/alice:/bin/bash" >>"$d/passwd"
  echo "alice:x:4001:" >>"$d/group"
  echo "alice:$hash:19000:0:99999:7:::" >>"$d/shadow"
  echo "nameserver $DNS4" >"$d/resolv.conf"
  # No look-ups over DNS behind a capture's back: only what asks a server directly makes DNS traffic.
  sed 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf >"$d/nsswitch.conf"
  {
    echo "127.0.0.1 localhost"
    echo "$SRV4 www.corp.example api.corp.example secure.corp.example files.corp.example srv.corp.example"
    echo "$SRV6 www6.corp.example"
    echo "$MX4 mail.corp.example"
    echo "$CLI4 cli.corp.example"
  } >"$d/hosts"
  mkdir -p "$WORK/home/alice"
  chown -R 4001:4001 "$WORK/home/alice"
}

# net_down ends what runs in our namespaces, and only that, then removes them.
net_down() {
  local h ns
  for h in "${HOSTS[@]}"; do
    ns=$PREFIX$h
    [[ -e /run/netns/$ns ]] || continue
    ip netns pids "$ns" | xargs -r kill -TERM 2>/dev/null || true
  done
  for h in "${HOSTS[@]}"; do
    ns=$PREFIX$h
    [[ -e /run/netns/$ns ]] || { rm -rf "/etc/netns/$ns"; continue; }
    sleep 0.1
    ip netns pids "$ns" | xargs -r kill -KILL 2>/dev/null || true
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "/etc/netns/$ns"
  done
  rmdir /etc/netns 2>/dev/null || true
}

TCPDUMP=
# capture HOST DEVICE [TCPDUMP ARGUMENT...]: begins to record. MLD reports are kernel noise.
capture() {
  local h=$1 dev=$2
  shift 2
  # Not through at(): $! must be tcpdump itself, so that it can be told to stop.
  ip netns exec "$PREFIX$h" tcpdump -i "$dev" -n -U --immediate-mode -Z root -w "$WORK/capture.pcap" \
    "$@" "not dst host ff02::16" 2>"$WORK/tcpdump.log" &
  TCPDUMP=$!
  for _ in $(seq 50); do
    grep -q 'listening on' "$WORK/tcpdump.log" && return 0
    sleep 0.1
  done
  cat "$WORK/tcpdump.log"
  return 1
}

capture_stop() {
  [[ -n $TCPDUMP ]] || return 0
  sleep 0.5
  kill -TERM "$TCPDUMP" 2>/dev/null || true
  wait "$TCPDUMP" || true
  TCPDUMP=
}

# file_capture NAME PCAP: checks, compresses if large, stores, and notes figures in index.tsv.
file_capture() {
  local name=$1 pcap=$2 target packets seconds bad versions p
  packets=$(capinfos -Mrc "$pcap" | awk '/Number of packets/{print $NF}')
  seconds=$(capinfos -Mu "$pcap" | awk '/Capture duration/{printf "%.1f", $(NF-1)}')
  ((packets > 0)) || die "$name: nothing was recorded"
  bad=$(bad_checksums "$pcap")
  ((bad == 0)) || die "$name: $bad packets with a bad checksum"
  rm -f "$OUT/$name.pcap" "$OUT/$name.pcap.gz"
  target=$name.pcap
  if (($(stat -c %s "$pcap") > GZIP_ABOVE)); then
    gzip -9nc "$pcap" >"$OUT/$name.pcap.gz"
    target+=.gz
  else
    cp "$pcap" "$OUT/$name.pcap"
  fi
  chmod 644 "$OUT/$target"
  for p in ${PACKAGES[$name]}; do
    versions+="$p $(dpkg-query -W -f '${Version}' "$p"), "
  done
  touch "$OUT/index.tsv"
  grep -v "^$name	" "$OUT/index.tsv" >"$WORK/index" || true
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$target" "$packets" "$seconds" "${versions%, }" "${CONTENT[$name]}" >>"$WORK/index"
  LC_ALL=C sort "$WORK/index" >"$OUT/index.tsv"
  echo "$name: $target, $packets packets, $seconds s, $(stat -c %s "$OUT/$target") bytes"
}

# bad_checksums PCAP: how many packets have a wrong IP, TCP, UDP or ICMP checksum.
# Packets cut by a snapshot length cannot be judged and are not counted.
bad_checksums() {
  tshark -r "$1" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -Y 'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0' \
    2>/dev/null | wc -l
}
