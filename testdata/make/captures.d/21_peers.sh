# Peers that find each other without servers.
# shellcheck shell=bash disable=SC2154,SC2086

about bittorrent_dht "python3-libtorrent" \
  "BitTorrent's distributed hash table between three nodes of libtorrent, over IPv4 and IPv6: one offers a torrent, one looks for it; a query for what nobody knows, and one without its transaction"
cap_bittorrent_dht() {
  local node="/usr/bin/python3 $HERE/dht.py" id=luanids-test-node-01
  start atk $node bridge "$SRV4:6881,[$SRV6]:6881" 25 $ATK4 "[$ATK6]"
  start srv $node serve "$ATK4:6881,[$ATK6]:6881" 25 $SRV4 "[$SRV6]"
  wait_udp atk $ATK4 6881
  wait_udp srv $SRV4 6881
  sleep 2
  capture gw srv
  at cli $node seek "$SRV4:6881,[$SRV6]:6881" 15 $CLI4 "[$CLI6]"
  printf 'd1:ad2:id20:%se1:q7:unknown1:t2:aa1:y1:qe' $id | at cli ncat -u -w 1 -p 7100 $SRV4 6881 || true
  printf 'd1:ad2:id20:%se1:q4:ping1:y1:qe' $id | at cli ncat -u -w 1 -p 7100 $SRV4 6881 || true
}
