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
local open = nids.store { name = "open", key = "flow.id", max = 30000, max_age = "7d" }

-- What is kept of a connection: lists take a fifth of the memory of tables with names.
local START, SRC, DST, PORT, LAST = 1, 2, 3, 4, 5

local function judge(c, age, about, more)
  for step = #P.steps, c[LAST] + 1, -1 do
    if age >= P.steps[step] * 3600 then
      c[LAST] = step
      local e = { duration = age, hours = P.steps[step], server_port = c[PORT], open = true }
      for k, v in pairs(more or {}) do e[k] = v end
      detect:alert(about, 0.3 + 0.6 * step / #P.steps, e, "Connection of more than " .. P.steps[step] .. " h")
      return
    end
  end
end

nids.on("flow.start", "tcp and client.ip in HOME and not server.ip in HOME", function(flow)
  if quiet[flow.server.port] or ignore:has(flow.server.ip) then return end
  open:set(flow, { flow.start, flow.client.ip, flow.server.ip, flow.server.port, 0 })
end)

local TICK = 600
local before -- when the last tick was

nids.every(TICK, function(now)
  local jumped = now - (before or nids.began()) > 2 * TICK
  before = now
  if jumped then return end -- a hole in the capture: what was silent all the while is told as flow.end right after
  local least = P.steps[1] * 3600
  open:each(function(c)
    local age = now - c[START]
    if age >= least then judge(c, age, { src_ip = c[SRC], dst_ip = c[DST], dst_port = c[PORT], proto = "tcp" }) end
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
