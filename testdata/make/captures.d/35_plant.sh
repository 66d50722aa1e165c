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

about modbus_pumps "mbpoll libmodbus5 nmap python3" \
  "mbpoll writes coils and registers of a controller (libmodbus, make/pumps.py) one by one and several at a time, reads all four tables, and is refused what is not there; nmap asks whose the units are"
cap_modbus_pumps() {
  start srv /usr/bin/python3 "$HERE/pumps.py" $SRV4
  wait_tcp srv $SRV4 502
  capture gw cli
  at cli mbpoll -m tcp -a 1 -t 0 -r 3 $SRV4 1
  at cli mbpoll -m tcp -a 1 -t 0 -r 5 $SRV4 1 0 1 1
  at cli mbpoll -m tcp -a 1 -t 4 -r 7 $SRV4 460
  at cli mbpoll -m tcp -a 1 -t 4 -r 10 $SRV4 1 2 300
  at cli mbpoll -m tcp -a 1 -1 -t 0 -r 1 -c 16 $SRV4
  at cli mbpoll -m tcp -a 1 -1 -t 1 -r 1 -c 8 $SRV4
  at cli mbpoll -m tcp -a 1 -1 -t 3 -r 1 -c 4 $SRV4
  at cli mbpoll -m tcp -a 1 -1 -t 4 -r 1 -c 20 $SRV4
  at cli mbpoll -m tcp -a 1 -1 -t 4 -r 18 -c 9 $SRV4 || true # behind the last register
  at cli nmap -n -Pn -sT -p 502 --script modbus-discover $SRV4
}
