-- Password guessing (T1110): failed logins from one source to one service, and success afterwards.
--
-- Outcomes come from the protocols where they are seen (SSH by sizes, FTP, SMTP AUTH, HTTP 401 and 403, POP3,
-- PostgreSQL, LDAP, Kerberos, VNC, MQTT...); for services without, from short connections of like size.
local detect = nids.detector {
  id = "BEH-BRUTE", title = "Password guessing", severity = "medium", type = "anomaly", mitre = "T1110", tags = { "bruteforce" },
  params = {
    fast = { default = 8, min = 3, doc = "failures within fast_window" }, fast_window = { default = "30s" },
    slow = { default = 30, min = 3, doc = "failures within slow_window" }, slow_window = { default = "30m" },
    ports = { default = { 23, 110, 143, 445, 1433, 3306, 3389, 5432, 5900 }, doc = "services judged by short connections" },
    max_payload = { default = "2kB", doc = "payload of a short connection, both directions" },
  },
  cooldown = "10m", key = "client.ip, server.ip, server.port",
}
local success = nids.detector { id = "BEH-BRUTE-SUCCESS", title = "Password guessing that succeeded", severity = "critical", type = "anomaly", mitre = { "T1110", "T1078" },
  tags = { "bruteforce" }, params = { failures = { default = 8, min = 3, doc = "failures before the success" } },
  cooldown = "10m", key = "client.ip, server.ip, server.port" }
local P = detect.params
local tries = nids.store { name = "tries", key = "client.ip, server.ip, server.port", ttl = P.slow_window, max = 20000, value = function()
  return { nids.counter(P.fast_window), nids.counter(P.slow_window, 60) }
end }
local FAST, SLOW, USERS = 1, 2, 3 -- lists take a fifth of the memory of tables with names

local function failed(ev, service, user)
  local t = tries:get(ev)
  local fast, slow = t[FAST]:add(), t[SLOW]:add()
  if user then
    t[USERS] = t[USERS] or nids.distinct(P.slow_window, 64)
    t[USERS]:add(user)
  end
  if fast >= P.fast or slow >= P.slow then
    detect:alert(ev, math.min(1, 0.6 + slow / 100), { service = service, failures = slow, failures_fast = fast, users = t[USERS] and t[USERS]:count() > 0 and t[USERS]:values(10) or nil },
      service .. " password guessing")
  end
end

local function succeeded(ev, service, user)
  local t = tries:peek(ev)
  if t and t[SLOW]:sum() >= success.params.failures then
    success:alert(ev, 0.95, { service = service, failures = t[SLOW]:sum(), user = user })
  end
end

for service, user in pairs { ssh = false, smtp = "smtp.auth.user", ftp = "ftp.user", imap = "imap.user", pop3 = "pop3.user", telnet = false,
                             rdp = false, smb = "smb.ntlmssp_user", vnc = false } do
  local known = user and nids.has_field(user)
  local function name(ev) return known and ev:get(user) or nil end
  if nids.has_event(service .. ".auth.failure") then
    nids.on(service .. ".auth.failure", function(ev) failed(ev, service:upper(), name(ev)) end)
    nids.on(service .. ".auth.success", function(ev) succeeded(ev, service:upper(), name(ev)) end)
  end
end

-- Protocols whose ordinary messages tell of logins: the service, its event, which answers refuse and which let in, who tries.
local told = {}
for protocol, x in pairs {
  pgsql = { "PostgreSQL", "pgsql.tx", 'pgsql.code in {"28P01", "28000"}', 'pgsql.authentication == "authentication_ok"' },
  pop3 = { "POP3", "pop3.tx", 'pop3.status == "ERR" and pop3.command in {"PASS", "APOP", "AUTH", "<SASL DATA>"}', 'pop3.status == "OK" and pop3.command in {"PASS", "APOP"}', "pop3.user" },
  ldap = { "LDAP", "ldap.tx", 'ldap.request.operation == "bind_request" and ldap.responses.result_code == 49',
           'ldap.request.operation == "bind_request" and ldap.responses.result_code == 0 and exists(ldap.request.dn)', "ldap.request.dn" },
  krb5 = { "Kerberos", "krb5.message", "krb5.err_code == 24", "krb5.msg_type == 11", "krb5.client" },
  rfb = { "VNC", "rfb.result", "rfb.sectype == 2 and rfb.secresult > 0", "rfb.sectype == 2 and rfb.secresult == 0" },
  mqtt = { "MQTT", "mqtt.tx", "mqtt.connack.return_code in {4, 5, 134, 135}", "mqtt.connack.return_code == 0 and exists(mqtt.connect.username)", "mqtt.connect.username" },
} do
  if nids.has_event(x[2]) then
    told[protocol] = true
    local function name(ev) return x[5] and ev:get(x[5]) or nil end
    nids.on(x[2], x[3], function(ev) failed(ev, x[1], name(ev)) end)
    nids.on(x[2], x[4], function(ev) succeeded(ev, x[1], name(ev)) end)
  end
end

nids.on("http.response", "http.stat_code in {401, 403}", function(ev)
  if ev.http.stat_code == 403 and not ev.http.authorization then return end
  if ev.http.stat_code == 401 and not ev.http.authorization then return end -- the first request of any client
  failed(ev, "HTTP", ev:get("http.auth.user"))
end)
nids.on("http.response", "exists(http.authorization) and http.stat_code >= 200 and http.stat_code < 400", function(ev)
  succeeded(ev, "HTTP", ev:get("http.auth.user"))
end)

-- Login forms: many POSTs to one path, in quick succession, whose answers are alike.
local forms = nids.store { name = "forms", key = "client.ip, server.ip, server.port, http.path", ttl = P.slow_window, max = 10000, value = function()
  return { nids.counter(P.fast_window), nids.distinct(P.slow_window, 8), false }
end }
local TRIES, CODES, ALERTED = 1, 2, 3
nids.on("http.response", 'http.method == "POST" and http.path contains {"login", "signin", "logon", "auth"} nocase', function(ev)
  local f = forms:get(ev)
  local n, new = f[TRIES]:add(), select(2, f[CODES]:add(ev.http.stat_code or 0))
  if f[ALERTED] and new then
    success:alert(ev, 0.8, { service = "HTTP form", failures = n, path = ev.http.path, status = ev.http.stat_code })
  elseif n >= P.fast then
    f[ALERTED] = true
    detect:alert(ev, 0.7, { service = "HTTP form", failures = n, path = ev.http.path }, "HTTP form password guessing")
  end
end)

if #P.ports > 0 then
  nids.on("flow.end", "tcp and established and server.port in {" .. table.concat(P.ports, ", ") .. "} and flow.payload_to_server > 0 and flow.payload_to_client > 0"
      .. " and flow.payload <= " .. math.floor(P.max_payload) .. "B", function(flow)
    if not (flow.app and (told[flow.app] or nids.has_event(flow.app .. ".auth.failure"))) then failed(flow, "port " .. flow.server.port) end
  end)
end
