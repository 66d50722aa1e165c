-- Long connections to the outside: tunnels, remote access, C2 that stays connected (T1071, T1572).
--
-- Alerts at each of the steps (1, 4, 8, 12 hours), while the connection is still open, with a higher
-- severity at the last.
local detect = nids.detector {
  id = "BEH-LONG", title = "Long connection", severity = "low", mitre = { "T1071", "T1572" }, tags = { "c2" },
  params = {
    steps  = { default = { 1, 4, 8, 12 }, doc = "hours" },
    ports  = { default = {}, doc = "server ports that may stay connected" },
    ignore = { default = {}, doc = "networks that may stay connected" },
  },
}
local P = detect.params
local ignore = nids.set(P.ignore)
local quiet = {}
for _, port in ipairs(P.ports) do quiet[port] = true end
local open = nids.store { name = "open", key = "flow.id", max = 100000, max_age = "7d" }

local function judge(c, age, about, more)
  for step = #P.steps, c.step + 1, -1 do
    if age >= P.steps[step] * 3600 then
      c.step = step
      local e = { duration = age, hours = P.steps[step], server_port = c.port, open = true }
      for k, v in pairs(more or {}) do e[k] = v end
      detect:alert(about, 0.3 + 0.6 * step / #P.steps, e, "Connection of more than " .. P.steps[step] .. " h")
      return
    end
  end
end

nids.on("flow.start", "tcp and client.ip in HOME and not server.ip in HOME", function(flow)
  if quiet[flow.server.port] or ignore:has(flow.server.ip) then return end
  open:set(flow, { start = flow.start, src = flow.client.ip, dst = flow.server.ip, port = flow.server.port, step = 0 })
end)

nids.every("10m", function(now)
  open:each(function(c)
    judge(c, now - c.start, { src_ip = c.src, dst_ip = c.dst, dst_port = c.port, proto = "tcp" })
  end)
end)

nids.on("flow.end", "tcp and client.ip in HOME and not server.ip in HOME", function(flow)
  local c = open:peek(flow)
  if not c then return end
  open:delete(flow)
  if flow.established then
    judge(c, flow.age, flow, { open = false, bytes_out = flow.bytes_to_server, bytes_in = flow.bytes_to_client, app = flow.app })
  end
end)
