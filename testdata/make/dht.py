#!/usr/bin/env python3
"""A node of BitTorrent's distributed hash table, by libtorrent.

dht.py serve|seek|bridge NODE:PORT,... SECONDS ADDRESS... listens on port 6881 of these addresses and joins by the nodes named. serve
offers a torrent, seek looks for it and ends a little after it was found.
"""
import sys
import time

import libtorrent as lt

TORRENT = lt.sha1_hash(bytes.fromhex("6c75616e6964732d746f7272656e742d30303031"))
role, bootstrap, seconds, addresses = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
session = lt.session({
    "listen_interfaces": ",".join(f"{a}:6881" for a in addresses),
    "dht_bootstrap_nodes": bootstrap,
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "dht_prefer_verified_node_ids": False,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification | lt.alert.category_t.error_notification,
})
if role == "serve":  # libtorrent announces what it has, or hopes to have
    torrent = lt.parse_magnet_uri(f"magnet:?xt=urn:btih:{TORRENT}")
    torrent.save_path = "."
    handle = session.add_torrent(torrent)
end, asked = time.time() + seconds, 0.0
while time.time() < end:
    if time.time() - asked > 3:
        asked = time.time()
        if role == "serve":
            handle.force_dht_announce()
        elif role == "seek":
            session.dht_get_peers(TORRENT)
    for alert in session.pop_alerts():
        print(alert.what(), alert.message(), flush=True)
        if role == "seek" and isinstance(alert, lt.dht_get_peers_reply_alert) and alert.num_peers() > 0:
            end = min(end, time.time() + 1)
    time.sleep(0.1)
