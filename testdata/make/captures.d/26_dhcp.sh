# Addresses: busybox's DHCP client to dnsmasq.
# shellcheck shell=bash disable=SC2154,SC2086

about dhcp_lease "dnsmasq-base udhcpc" \
  "A client of DHCP on the server's link gets an address from dnsmasq (discover, offer, request, ack), and asks for another that it does not get"
cap_dhcp_lease() {
  start srv dnsmasq -d -C /dev/null --port=0 --interface=eth0 --bind-interfaces --leasefile-ro --dhcp-authoritative \
    --dhcp-range=10.10.2.100,10.10.2.120,255.255.255.0,2h --dhcp-option=option:router,10.10.2.1 \
    --dhcp-option=option:dns-server,$DNS4 --dhcp-option=option:domain-name,corp.example
  wait_udp srv 0.0.0.0 67
  capture gw srv
  at gw udhcpc -f -n -q -i srv -s /bin/true -x hostname:laptop -V 'udhcp 1.35'
  at gw udhcpc -f -n -q -i srv -s /bin/true -r 10.10.9.9 -t 2 -T 1 -R || true
}
