-- Floods (T1498, T1499): SYN, UDP and ICMP floods, amplification, and spikes above a destination's baseline.
--
-- Flows that ended are summed by destination in steps of some seconds. A step is judged against fixed
-- floors and against the destination's own baseline (EWMA; CUSUM for slow ramps), which is frozen while it alarms.
local detect = nids.detector {
  id = "BEH-FLOOD", title = "Flood", severity = "high", type = "anomaly", mitre = { "T1498", "T1499" }, tags = { "dos" },
  params = {
    syn     = { default = 100, min = 10, doc = "connections a second that stay half open" },
    packets = { default = 1000, min = 100, doc = "packets a second of UDP or ICMP that go unanswered" },
    amplification = { default = "1MB", doc = "bytes from reflectors' ports in one step" },
    flows   = { default = 200, doc = "flows a second below which there is no spike" },
    sigma   = { default = 3.5, min = 1, doc = "standard deviations above the baseline" },
    alpha   = { default = 0.3, min = 0.01, max = 0.99, doc = "weight of the newest step in the baseline" },
    warmup  = { default = 12, doc = "steps before there is a baseline" },
  },
  cooldown = "5m", key = "server.ip",
}
local P = detect.params
local STEP = 10
local reflectors = { [17] = "QOTD", [19] = "chargen", [53] = "DNS", [123] = "NTP", [161] = "SNMP", [389] = "CLDAP", [1900] = "SSDP", [3702] = "WSD", [11211] = "memcached" }

local function by_second() return nids.counter("10m", 600) end
local half_open = nids.store { name = "half_open", ttl = "2m", max = 4000, value = by_second }
local pps = nids.store { name = "pps", ttl = "2m", max = 4000, value = by_second }
local targets = nids.spikes { name = "targets", key = "server.ip", ttl = "1h", max = 20000, every = STEP, floor = P.flows, sigma = P.sigma,
  alpha = P.alpha, warmup = P.warmup, drift = 1, threshold = 12 }
local reflected = nids.store { name = "reflected", ttl = "2m", max = 4000 } -- bytes of this step

-- Adds n at the second of a time; gives the mean over the busiest three seconds in a row around it.
local function at_second(c, time, n)
  c:add(n, time)
  return c:around(time, 3) / 3
end

local function about(flow, victim)
  local from, port = flow.client.ip, flow.server.port
  if victim == from then from, port = flow.server.ip, flow.client.port end -- what was asked for in its name
  return { src_ip = from, dst_ip = victim, dst_port = port or 0, proto = flow.tcp and "tcp" or flow.udp and "udp" or "icmp" }
end

-- SYN, no payload, no RST back
nids.on("flow.end", "tcp and not established and flow.payload_to_server == 0 and flow.tcp_flags_to_server & 2 == 2 and flow.tcp_flags_to_client & 4 == 0", function(flow)
  local rate = at_second(half_open:get(flow.server.ip), flow.start, 1)
  if rate >= P.syn then
    detect:alert(about(flow, flow.server.ip), 0.9, { kind = "SYN flood", half_open_per_second = rate, port = flow.server.port }, "SYN flood")
  end
end)

local ports = {}
for port in pairs(reflectors) do ports[#ports + 1] = port end
ports = "{" .. table.concat(ports, ", ") .. "}"
nids.on("flow.end", "udp and (client.port in " .. ports .. " and flow.bytes_to_server >= 10 * flow.bytes_to_client"
    .. " or server.port in " .. ports .. " and flow.bytes_to_client >= 10 * flow.bytes_to_server)", function(flow)
  local port = reflectors[flow.client.port or 0] and flow.client.port or flow.server.port or 0
  local backwards = port == flow.client.port -- the reflector's packet came first: nobody asked
  local name, bytes = reflectors[port], backwards and flow.bytes_to_server or flow.bytes_to_client
  local asked = backwards and flow.bytes_to_client or flow.bytes_to_server
  if name and bytes >= 10 * asked then
    local victim = backwards and flow.server.ip or flow.client.ip
    local sum = reflected:incr(victim, bytes)
    if sum >= P.amplification then
      detect:alert(about(flow, victim), 0.9, { kind = name .. " amplification", bytes = sum, port = port, asked = asked }, name .. " amplification")
    end
  end
end)

nids.on("flow.end", "(udp or icmp) and flow.packets_to_client * 10 <= flow.packets_to_server", function(flow)
  local seconds, seen, rate = math.max(1, math.ceil(flow.age)), pps:get(flow.server.ip, flow.udp), 0
  for s = 0, math.min(seconds, 10) - 1 do -- as if sent evenly
    rate = math.max(rate, at_second(seen, flow.start + s, flow.packets_to_server / seconds))
  end
  if rate >= P.packets then
    local kind = flow.udp and "UDP flood" or "ICMP flood"
    detect:alert(about(flow, flow.server.ip), 0.8, { kind = kind, packets_per_second = rate }, kind)
  end
end)

nids.on("flow.end", function(flow) targets:add(flow) end)

nids.every(STEP, function()
  targets:step(function(rate, baseline, sigma, ramp, ip)
    detect:alert({ dst_ip = ip }, 0.6, { kind = ramp and sigma < P.sigma and "slow ramp" or "spike", flows_per_second = rate,
      baseline = baseline, sigma = sigma }, "Spike of connections")
  end)
  reflected:clear()
end)
