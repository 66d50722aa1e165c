# Tags and tunnels. The same small conversation inside each: ping, dig, curl.
# shellcheck shell=bash disable=SC2154,SC2086

readonly IN_SRV4=192.168.77.20 IN_SRV6=2001:db8:77::20       # cli has .10 and ::10
readonly INSIDE="ping (IPv4 and IPv6), dig to dnsmasq, curl from nginx (HTML with gzip, PNG)"

# lan: a cable between cli and srv that bypasses the router, for what cannot be routed.
lan() {
  ip link add lan netns ${PREFIX}cli address 02:00:00:00:77:10 type veth peer name lan netns ${PREFIX}srv address 02:00:00:00:77:20
  local h
  for h in cli srv; do
    at $h ethtool -K lan rx off tx off tso off gso off gro off sg off >/dev/null 2>&1
    at $h sysctl -qw net.ipv6.conf.lan.disable_ipv6=1
    at $h ip link set lan up
  done
}

# tunnel MODE: connects tun0 on cli and on srv; see tunnel.py for the modes.
tunnel() {
  local mode=$1 i
  case $mode in
    vlan | qinq | mpls | pppoe)
      start cli python3 "$HERE/tunnel.py" $mode tun0 lan 02:00:00:00:77:20
      start srv python3 "$HERE/tunnel.py" $mode tun0 lan 02:00:00:00:77:10 ;;
    *)
      start cli python3 "$HERE/tunnel.py" $mode tun0 $CLI4 $SRV4
      start srv python3 "$HERE/tunnel.py" $mode tun0 $SRV4 $CLI4 ;;
  esac
  for i in $(seq 50); do
    if at cli ip link show tun0 && at srv ip link show tun0; then return; fi
    sleep 0.1
  done
  die "no tunnel device ($i tries)"
}

# tunnel_up MTU FAMILIES: addresses for tun0 on both hosts.
tunnel_up() {
  local h n
  for h in cli srv; do
    n=$([[ $h == cli ]] && echo 10 || echo 20)
    at $h sysctl -qw net.ipv6.conf.tun0.accept_dad=0 net.ipv6.conf.tun0.router_solicitations=0
    at $h ethtool -K tun0 rx off tx off tso off gso off gro off sg off >/dev/null 2>&1 || true
    [[ $(at $h cat /sys/class/net/tun0/type) != 1 ]] || at $h ip link set tun0 address 02:00:00:00:78:$n
    at $h ip link set tun0 mtu $1 up
    [[ $2 != *4* ]] || at $h ip addr add 192.168.77.$n/24 dev tun0
    [[ $2 != *6* ]] || at $h ip addr add 2001:db8:77::$n/64 dev tun0 nodad
  done
}

# tunnel_talk FAMILIES: the conversation inside.
tunnel_talk() {
  local f=$1
  if [[ $f == *4* ]]; then
    at cli ping -n -c 2 -i 0.2 $IN_SRV4
    at cli dig +tries=1 +time=3 @$IN_SRV4 www.corp.example A
    web_client --compressed --resolve www.corp.example:80:$IN_SRV4 http://www.corp.example/about.html
    web_client --resolve www.corp.example:80:$IN_SRV4 http://www.corp.example/logo.png
  fi
  if [[ $f == *6* ]]; then
    at cli ping -n -6 -c 2 -i 0.2 $IN_SRV6
    at cli dig +tries=1 +time=3 @$IN_SRV6 www.corp.example AAAA
    web_client --compressed --resolve "www.corp.example:80:[$IN_SRV6]" http://www.corp.example/about.html
  fi
}

# tunnelled MODE MTU FAMILIES RECORDED_DEVICE: the whole of a capture.
tunnelled() {
  local listen=()
  [[ $4 != lan ]] || lan
  [[ $1 == vxlan ]] || tunnel $1
  tunnel_up $2 $3
  [[ $3 != *4* ]] || listen+=("--listen-address=$IN_SRV4")
  [[ $3 != *6* ]] || listen+=("--listen-address=$IN_SRV6")
  web
  nameserver "${listen[@]}"
  if [[ $4 == lan ]]; then capture srv lan; else capture gw srv; fi
  tunnel_talk $3
}

TUNNEL_PACKAGES="nginx-light curl dnsmasq bind9-dnsutils iputils-ping python3"
about vlan "$TUNNEL_PACKAGES" "802.1Q, VLAN 100, recorded on the cable: $INSIDE"
cap_vlan() { tunnelled vlan 1496 46 lan; }
about qinq "$TUNNEL_PACKAGES" "802.1ad, outer 0x88a8 VLAN 200, inner 0x8100 VLAN 100, recorded on the cable: $INSIDE"
cap_qinq() { tunnelled qinq 1492 46 lan; }
about mpls "$TUNNEL_PACKAGES" "MPLS unicast, labels 16 and 1000, recorded on the cable: $INSIDE"
cap_mpls() { tunnelled mpls 1492 46 lan; }
about pppoe "$TUNNEL_PACKAGES" "PPPoE session 0x11 (no discovery), recorded on the cable: $INSIDE"
cap_pppoe() { tunnelled pppoe 1492 46 lan; }
about gre "$TUNNEL_PACKAGES" "GRE over IPv4 with a key: $INSIDE"
cap_gre() { tunnelled gre 1400 46 srv; }
about erspan "$TUNNEL_PACKAGES" "ERSPAN type II (GRE with sequence numbers), VLAN 100, session 5: $INSIDE"
cap_erspan() { tunnelled erspan 1400 46 srv; }
about ipip "$TUNNEL_PACKAGES" "IPv4 in IPv4 (protocol 4): $INSIDE, IPv4 only"
cap_ipip() { tunnelled ipip 1400 4 srv; }
about 6in4 "$TUNNEL_PACKAGES" "IPv6 in IPv4 (protocol 41): $INSIDE, IPv6 only"
cap_6in4() { tunnelled 6in4 1400 6 srv; }
about geneve "$TUNNEL_PACKAGES" "Geneve, VNI 42, with one option: $INSIDE"
cap_geneve() { tunnelled geneve 1400 46 srv; }
about teredo "$TUNNEL_PACKAGES" "IPv6 in UDP port 3544 as Teredo carries it (no Teredo addresses): $INSIDE, IPv6 only"
cap_teredo() { tunnelled teredo 1280 6 srv; }

about vxlan "iproute2 $TUNNEL_PACKAGES" "VXLAN by the Linux kernel, VNI 42, port 4789: $INSIDE"
cap_vxlan() {
  at cli ip link add tun0 type vxlan id 42 remote $SRV4 local $CLI4 dstport 4789 dev eth0
  at srv ip link add tun0 type vxlan id 42 remote $CLI4 local $SRV4 dstport 4789 dev eth0
  tunnelled vxlan 1400 46 srv
}
