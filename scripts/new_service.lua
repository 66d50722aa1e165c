-- A service that a host did not offer before (T1571, T1543): a server port that answers for the first time after
-- a time of learning.
local detect = nids.detector {
  id = "BEH-NEW-SERVICE", title = "New service on a host", severity = "low", type = "anomaly", mitre = { "T1571", "T1543" }, tags = { "inventory" },
  params = {
    learn = { default = "24h", doc = "time after the first packet in which services are only learned" },
    host_learn = { default = "24h", doc = "the same for a host that is new itself" },
    max_port = { default = 32767, min = 1, max = 65535, doc = "ports above are ephemeral: FTP data and the like" },
    forget = { default = "30d", doc = "a service not used for so long is new again" },
  },
  cooldown = "1h", key = "server.ip, server.port",
}
local P = detect.params
local hosts = nids.store { name = "hosts", key = "server.ip", ttl = P.forget, max = 20000 } -- when a host was seen first
local services = nids.store { name = "services", key = "server.ip, server.port, tcp", ttl = P.forget, max = 50000, value = false } -- whether it is known

nids.on("flow.end", "(tcp or udp) and established and server.ip in HOME and flow.packets_to_client > 0 and server.port <= " .. P.max_port, function(flow)
  local known, since = services:get(flow), hosts:get(flow)
  if since == 0 then
    since = flow.start
    hosts:set(flow, since)
  end
  if known then return end
  services:set(flow, true)
  if flow.start - nids.began() < P.learn or flow.start - since < P.host_learn then return end
  detect:alert(flow, 0.5, { port = flow.server.port, proto = flow.tcp and "tcp" or "udp", app = flow.app, host_known_for = flow.start - since, client = flow.client.ip })
end)
