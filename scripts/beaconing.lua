-- C2 beaconing: an implant that calls its server every so often (T1071).
--
-- Per source and destination (the name in TLS or HTTP where one was seen, else address and port), the times
-- and sizes of connections are scored as RITA does, and tested for a period that random arrivals do not
-- have: see nids.series and Series:periodicity.
local detect = nids.detector {
  id = "BEH-BEACON", title = "C2 beaconing", severity = "high", mitre = "T1071", tags = { "c2", "beacon" },
  doc = "Connections to one destination at regular intervals and of like size.",
  params = {
    min_samples = { default = 20, min = 20, doc = "connections needed" },
    score       = { default = 0.8, min = 0, max = 1, doc = "score from which on to alert" },
    window      = { default = "24h", doc = "how far back to look" },
    min_span    = { default = "10m", doc = "time that the connections must span; a minute will do for three times as many" },
    rare        = { default = 0.02, max = 1, doc = "share of the hosts below which a destination is rare" },
    common      = { default = 0.5, max = 1, doc = "share of the hosts above which a destination is common" },
    ignore      = { default = {}, doc = "names and networks that may be called regularly" },
  },
  cooldown = "6h", key = "client.ip, server.ip",
}
local P = detect.params
local ignore = nids.set(P.ignore)
local names = nids.store { name = "names", key = "flow.id", ttl = "1h", max = 30000 }
local pairs_ = nids.store { name = "pairs", ttl = P.window, max = 60000, value = function() return nids.series(2048) end }
local callers = nids.store { name = "callers", ttl = P.window, max = 30000, value = function() return nids.distinct(P.window, 4096) end }
local hosts = nids.distinct(P.window, 65536)

for event, field in pairs { ["tls.client_hello"] = "tls.sni", ["http.request"] = "http.host" } do
  if nids.has_event(event) then
    nids.on(event, "not dst.ip in HOME", function(ev)
      local name = ev:get(field)
      if name and ev.flow.id then names:set(ev, name) end
    end)
  end
end

nids.on("flow.end", "established and not dst.ip in HOME and not dst.port in {53, 123}", function(flow)
  local to, src = names:peek(flow), flow.src.ip
  if to then names:delete(flow) else to = flow.dst.ip .. ":" .. (flow.dst.port or 0) end
  if P.ignore[1] and (ignore:has(flow.dst.ip) or ignore:has(to)) then return end
  local s = pairs_:get(src, to)
  s:push(flow.start, flow.bytes_to_server)
  local seen = callers:get(to):add(src)
  local all = hosts:add(src)
  local n = s:total()
  if n < P.min_samples or n % math.ceil(n / 20) ~= 0 or s:span() < (n >= 3 * P.min_samples and math.min(60, P.min_span) or P.min_span) then return end -- at every 20th part more
  local watched = math.min(P.window, nids.now() - nids.began())
  local score, why = s:periodicity(watched)
  if all >= 10 then
    why.prevalence = seen / all
    if why.prevalence <= P.rare then score = math.min(1, score + 0.1) end
    if why.prevalence >= P.common then score = score - 0.15 end
  end
  if score >= P.score then
    why.destination, why.span = to, s:span()
    detect:alert(flow, score, why)
  end
end)
