-- Port scans and sweeps (T1046, T1595), told by connections that fail.
--
-- Vertical: many ports of one host. Horizontal: many hosts on one port. Both within an hour, so that slow
-- scans are found. Beside them threshold random walk (Jung et al., IEEE S&P 2004): first contacts with
-- hosts, of which a scanner's mostly fail.
local function declare(id, title, severity, params)
  return nids.detector { id = id, title = title, severity = severity, type = "anomaly", mitre = { "T1046", "T1595" }, tags = { "scan" }, params = params,
    cooldown = "30m", key = "client.ip" }
end
local window = { default = "1h", doc = "time that is looked at" }
local vertical = declare("BEH-SCAN-PORTS", "Port scan of a host", "medium", { ports = { default = 12, min = 3, doc = "failed ports of one host" }, window = window })
local horizontal = declare("BEH-SCAN-HOSTS", "Sweep of hosts on a port", "medium", { hosts = { default = 15, min = 3, doc = "hosts that failed on one port" }, window = window })
local walk = declare("BEH-SCAN-TRW", "Scanner by threshold random walk", "medium", {
  theta0 = { default = 0.8, doc = "share of first contacts that succeed for benign hosts" },
  theta1 = { default = 0.2, doc = "the same for scanners" },
  pd = { default = 0.99, doc = "wanted rate of detection" }, pf = { default = 0.01, doc = "wanted rate of false alarms" },
  min_hosts = { default = 6, min = 4, doc = "hosts contacted" }, window = window })

local function counts(p, n) return function() return nids.distinct(p.window, n) end end
local ports = nids.store { name = "ports", ttl = vertical.params.window, max = 50000, value = counts(vertical.params, 128) }
local hosts = nids.store { name = "hosts", ttl = horizontal.params.window, max = 50000, value = counts(horizontal.params, 256) }
local contacts = nids.store { name = "contacts", ttl = walk.params.window, max = 20000, value = function()
  local p = walk.params
  return { nids.distinct(p.window, 1024), nids.trw { theta0 = p.theta0, theta1 = p.theta1, pd = p.pd, pf = p.pf } }
end }
local SEEN, TRW = 1, 2 -- lists take a fifth of the memory of tables with names

-- The kind of scan by the flags that the client sent: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG.
local kinds = { [0] = "NULL", [1] = "FIN", [2] = "SYN", [6] = "SYN", [16] = "ACK", [20] = "ACK", [17] = "Maimon", [41] = "Xmas" }

local function outcome(flow)
  if flow.tcp then
    local back = flow.tcp_flags_to_client or 0
    local refused = math.floor(back / 4) % 2 == 1 and (flow.payload_to_client or 0) == 0
    return flow.established and not refused, kinds[flow.tcp_flags_to_server or 0] or "connect"
  end
  return flow.packets_to_client > 0, flow.udp and "UDP" or "ping"
end

nids.on("flow.end", "(tcp or udp or icmp) and not server.ip in {224.0.0.0/4, ff00::/8, 255.255.255.255}", function(flow)
  local src, dst, port = flow.client.ip, flow.server.ip, flow.server.port or 0
  if not dst or dst:sub(-4) == ".255" then return end -- broadcast, as a rule
  local good, kind = outcome(flow)
  local c = contacts:get(src)
  local n, fresh = c[SEEN]:add(dst)
  if fresh and kind ~= "UDP" and c[TRW]:add(good) == "scanner" and n >= walk.params.min_hosts then
    walk:alert(flow, 0.9, { hosts = n, failures = c[TRW]:failures(), ratio = c[TRW]:ratio(), last_port = port, kind = kind })
  end
  if good then return end
  -- traceroute walks through these
  if kind ~= "ping" and not (kind == "UDP" and port >= 33434 and port <= 33700) then
    local failed = ports:get(src, dst)
    local many = failed:add(port)
    if many >= vertical.params.ports then
      vertical:alert(flow, math.min(1, 0.6 + many / 100), { ports = many, kind = kind, examples = failed:values(10) }, kind .. " scan of a host's ports")
    end
  end
  local down = hosts:get(src, port, kind == "UDP")
  local many = down:add(dst)
  if many >= horizontal.params.hosts then
    horizontal:alert(flow, math.min(1, 0.6 + many / 100), { hosts = many, port = port, kind = kind, examples = down:values(10) })
  end
end)
