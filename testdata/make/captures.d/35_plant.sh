# Plants.
# shellcheck shell=bash disable=SC2154

about enip_controller "nmap python3" \
  "nmap asks a controller for its identity (EtherNet/IP over TCP and UDP); a panel lists its services, reads and writes attributes and tags one by one and in a packet, is refused, opens a connection and exchanges data in cycles (make/plant.py)"
cap_enip_controller() {
  start srv /usr/bin/python3 "$HERE/plant.py" controller $SRV4
  wait_tcp srv $SRV4 44818
  wait_udp srv $SRV4 2222
  capture gw cli
  at cli nmap -n -Pn -sT -p 44818 --script enip-info $SRV4
  at cli nmap -n -Pn -sU -p 44818 --script enip-info $SRV4
  at cli /usr/bin/python3 "$HERE/plant.py" panel $SRV4
}
