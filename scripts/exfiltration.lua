-- Exfiltration: much data leaving (T1041, T1048).
--
-- One flow that sends much outside; a host that sends far more an hour than it used to, as a share of its
-- traffic too (producer/consumer ratio); ICMP that carries data.
local detect = nids.detector {
  id = "BEH-EXFIL", title = "Large upload to the outside", severity = "medium", mitre = { "T1041", "T1048" }, tags = { "exfiltration" },
  params = {
    flow_bytes = { default = "10MiB", doc = "bytes that one flow may send" },
    hour_bytes = { default = "100MB", doc = "bytes that a host may send an hour whatever its history" },
    deviations = { default = 6, doc = "robust standard deviations above the host's median hour" },
    pcr_shift  = { default = 0.5, max = 2, doc = "shift of the producer/consumer ratio against the host's own" },
    icmp_bytes = { default = "64KiB", doc = "ICMP payload between two hosts in 10 minutes" },
    ignore     = { default = {}, doc = "names and networks that may get much" },
  },
  cooldown = "1h", key = "client.ip, server.ip",
}
local P = detect.params
local WORTH = 64 * 1024 -- flows that send less are no destination to name
local ignore = nids.set(P.ignore)
local hosts = nids.store { name = "hosts", ttl = "48h", max = 20000, value = function()
  return { out = 0, back = 0 }
end }
local icmp = nids.store { name = "icmp", key = "client.ip, server.ip", ttl = "10m", max = 20000, value = function() return nids.counter("10m", 60) end }

nids.on("flow.end", "client.ip in HOME and not server.ip in HOME and not server.ip in {224.0.0.0/4, ff00::/8}", function(flow)
  local out, back = flow.bytes_to_server, flow.bytes_to_client
  if ignore:has(flow.server.ip) then return end
  local h = hosts:get(flow.client.ip)
  h.out, h.back = h.out + out, h.back + back
  if out >= WORTH then
    h.to = h.to or nids.topk(3, 64)
    h.to:add(flow.server.ip, out)
  end
  if out >= P.flow_bytes and out > 2 * back then
    detect:alert(flow, math.min(1, 0.6 + out / (100 * P.flow_bytes)),
      { bytes_out = out, bytes_in = back, duration = flow.age, app = flow.app, size = nids.format_size(out) })
  end
end)

-- What a host sent within an hour, against its own history.
local hour = 0
nids.every("1h", function(now)
  hour = hour + 1
  hosts:each(function(h, ip)
    if h.out == 0 and h.back == 0 then return end
    h.hours, h.ratio = h.hours or nids.series(168), h.ratio or nids.ewma { alpha = 0.1, warmup = 3 }
    for _ = 1, math.min(hour - (h.last or hour) - 1, 168) do -- hours without traffic are made up for
      h.hours:push(now, 0)
      h.ratio:add(0)
    end
    h.last = hour
    local median, mad = h.hours:median(), h.hours:mad()
    local limit = math.max(P.hour_bytes, median + P.deviations * 1.4826 * mad)
    local pcr = (h.out - h.back) / math.max(h.out + h.back, 1)
    if h.hours:count() >= 3 and h.out > limit and pcr - h.ratio:mean() >= P.pcr_shift then
      local top = h.to and h.to:list()[1]
      detect:alert({ src_ip = ip, dst_ip = top and top.key }, 0.8, { bytes_out = h.out, bytes_in = h.back, median_hour = median, limit = limit,
        pcr = pcr, pcr_usual = h.ratio:mean(), destination = top and top.key }, "Host sends far more than usual")
    else
      h.hours:push(now, h.out)
      h.ratio:add(pcr)
    end
    h.out, h.back, h.to = 0, 0, nil
  end)
end)

nids.on("flow.end", "icmp", function(flow)
  local bytes, packets = flow.payload_to_server, flow.packets_to_server
  if bytes == 0 then bytes = math.max(0, flow.bytes_to_server - 42 * packets) end
  local sum = icmp:get(flow):add(bytes)
  if sum >= P.icmp_bytes and packets > 0 and bytes / packets >= 128 then
    detect:alert(flow, 0.8, { bytes = sum, flow_bytes = bytes, flow_packets = packets, mean_size = math.floor(bytes / packets) }, "ICMP carries data")
  end
end)
