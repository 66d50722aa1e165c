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

local half_open = nids.store { name = "half_open", ttl = "2m", max = 10000, value = function() return {} end }
local targets = nids.store { name = "targets", ttl = "1h", max = 20000, value = function()
  return { flows = 0, reflected = 0, last = 0, rate = nids.ewma { alpha = P.alpha, warmup = P.warmup }, ramp = nids.cusum { drift = 1, threshold = 12 } }
end }
local step, active = 0, {} -- of this step: its number, and the destinations that had flows
local pps = nids.store { name = "pps", ttl = "2m", max = 10000, value = function() return {} end }

-- Adds n at the second of a time; gives the mean over the busiest three seconds in a row around it.
local function at_second(t, time, n)
  local s = math.floor(time)
  t[s] = (t[s] or 0) + n
  local best = 0
  for from = s - 2, s do
    best = math.max(best, ((t[from] or 0) + (t[from + 1] or 0) + (t[from + 2] or 0)) / 3)
  end
  return best
end

local function about(flow, victim)
  local from, port = flow.client.ip, flow.server.port
  if victim == from then from, port = flow.server.ip, flow.client.port end -- what was asked for in its name
  return { src_ip = from, dst_ip = victim, dst_port = port or 0, proto = flow.tcp and "tcp" or flow.udp and "udp" or "icmp" }
end

nids.on("flow.end", "tcp and not established", function(flow)
  if flow.payload_to_server > 0 or flow.tcp_flags_to_server % 4 < 2 or math.floor(flow.tcp_flags_to_client / 4) % 2 == 1 then return end
  local rate = at_second(half_open:get(flow.server.ip), flow.start, 1)
  if rate >= P.syn then
    detect:alert(about(flow, flow.server.ip), 0.9, { kind = "SYN flood", half_open_per_second = rate, port = flow.server.port }, "SYN flood")
  end
end)

nids.on("flow.end", "udp or icmp", function(flow)
  local port = reflectors[flow.client.port or 0] and flow.client.port or flow.server.port or 0
  local backwards = port == flow.client.port -- the reflector's packet came first: nobody asked
  local name, bytes = reflectors[port], backwards and flow.bytes_to_server or flow.bytes_to_client
  local asked = backwards and flow.bytes_to_client or flow.bytes_to_server
  if name and flow.udp and bytes >= 10 * asked then
    local victim = backwards and flow.server.ip or flow.client.ip
    local t = targets:get(victim)
    if t.reflected_at ~= step then t.reflected_at, t.reflected = step, 0 end
    t.reflected = t.reflected + bytes
    if t.reflected >= P.amplification then
      detect:alert(about(flow, victim), 0.9, { kind = name .. " amplification", bytes = t.reflected, port = port, asked = asked }, name .. " amplification")
    end
  end
  if flow.packets_to_client * 10 > flow.packets_to_server then return end
  local seconds, seen, rate = math.max(1, math.ceil(flow.age)), pps:get(flow.server.ip, flow.udp), 0
  for s = 0, math.min(seconds, 10) - 1 do -- as if sent evenly
    rate = math.max(rate, at_second(seen, flow.start + s, flow.packets_to_server / seconds))
  end
  if rate >= P.packets then
    local kind = flow.udp and "UDP flood" or "ICMP flood"
    detect:alert(about(flow, flow.server.ip), 0.8, { kind = kind, packets_per_second = rate }, kind)
  end
end)

nids.on("flow.end", function(flow)
  local ip = flow.server.ip
  if ip then
    local t = targets:get(ip)
    if t.flows == 0 then active[#active + 1] = ip end
    t.flows = t.flows + 1
  end
end)

-- Steps without flows are made up for when the next comes.
local function catch_up(t)
  local missed = step - t.last - 1
  if t.last == 0 or missed == 0 then return end
  t.ramp:add(-missed) -- at least the drift for each
  for _ = 1, math.min(missed, P.warmup) do t.rate:add(0) end -- what was before them weighs next to nothing
end

nids.every(STEP, function()
  step = step + 1
  for _, ip in ipairs(active) do
    local t = targets:peek(ip)
    if t then
      catch_up(t)
      local rate = t.flows / STEP
      local z = t.rate:score(rate)
      local ramp = t.ramp:add(math.min(z, 4))
      if rate >= P.flows and (z >= P.sigma or ramp) then
        detect:alert({ dst_ip = ip }, 0.6, { kind = ramp and z < P.sigma and "slow ramp" or "spike", flows_per_second = rate, baseline = t.rate:mean(), sigma = z }, "Spike of connections")
      else
        t.rate:add(rate) -- not while alarming: the baseline must not learn the attack
      end
      t.flows, t.last = 0, step
    end
  end
  active = {}
end)
