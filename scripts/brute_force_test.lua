local function auth(t, i, event, more)
  local ev = { src = "203.0.113.66:" .. 41000 + math.floor(i) % 1000, dst = "10.0.0.9:22", time = i, app = "ssh" }
  for k, v in pairs(more or {}) do ev[k] = v end
  t:event(event, ev)
end

test("SSH guessing that succeeds", function(t)
  for i = 1, 20 do auth(t, i, "ssh.auth.failure") end
  t:expect("BEH-BRUTE", 1)
  t:expect("BEH-BRUTE-SUCCESS", 0)
  auth(t, 21, "ssh.auth.success")
  t:expect("BEH-BRUTE-SUCCESS", 1)
  t:equal(t:alerts()[1].src_ip, "203.0.113.66")
end)

test("slow guessing", function(t)
  for i = 1, 40 do auth(t, i * 40, "ssh.auth.failure") end
  t:expect("BEH-BRUTE", "some")
end)

test("a person who mistypes is none", function(t)
  for day = 0, 20 do
    for i = 1, 3 do auth(t, day * 3600 + i * 5, "ssh.auth.failure") end
    auth(t, day * 3600 + 20, "ssh.auth.success")
  end
  t:expect("*", 0)
end)

test("FTP", function(t)
  for i = 1, 10 do auth(t, i, "ftp.auth.failure", { dst = "10.0.0.9:21", app = "ftp", dir = "to_client" }) end
  auth(t, 11, "ftp.auth.success", { dst = "10.0.0.9:21", app = "ftp", dir = "to_client" })
  t:expect("BEH-BRUTE", 1)
  t:expect("BEH-BRUTE-SUCCESS", 1)
end)

test("HTTP Basic", function(t)
  for i = 1, 30 do
    auth(t, i * 0.1, "http.response", { dst = "10.0.0.9:80", app = "http", dir = "to_client", ["http.stat_code"] = 401, ["http.authorization"] = "Basic x", ["http.auth.user"] = "alice" })
  end
  auth(t, 4, "http.response", { dst = "10.0.0.9:80", app = "http", dir = "to_client", ["http.stat_code"] = 200, ["http.authorization"] = "Basic y", ["http.auth.user"] = "alice" })
  t:expect("BEH-BRUTE", 1)
  t:expect("BEH-BRUTE-SUCCESS", 1)
  t:equal(t:alerts()[1].evidence.users[1], "alice")
end)

test("challenges without credentials are none", function(t)
  for i = 1, 100 do
    auth(t, i * 0.1, "http.response", { dst = "10.0.0.9:80", app = "http", ["http.stat_code"] = 401 })
  end
  t:expect("*", 0)
end)

test("a login form", function(t)
  for i = 1, 30 do
    auth(t, i * 0.1, "http.response", { dst = "10.0.0.9:80", app = "http", ["http.stat_code"] = 200, ["http.method"] = "POST", ["http.path"] = "/login" })
  end
  auth(t, 4, "http.response", { dst = "10.0.0.9:80", app = "http", ["http.stat_code"] = 302, ["http.method"] = "POST", ["http.path"] = "/login" })
  t:expect("BEH-BRUTE", 1)
  t:expect("BEH-BRUTE-SUCCESS", 1)
end)

test("short connections to a service that tells nothing", function(t)
  for i = 1, 20 do t:flow { src = "203.0.113.66:4000", dst = "10.0.0.9:5900", time = i, bytes = { 600, 600 }, payload = { 100, 200 } } end
  t:expect("BEH-BRUTE", 1)
end)

test("a database's clients are none", function(t)
  for i = 1, 200 do t:flow { src = "10.0.0.7:4000", dst = "10.0.0.9:5432", time = i, bytes = { 9000, 90000 }, payload = { 8000, 80000 } } end
  t:expect("*", 0)
end)

test("logins that ordinary messages tell of", function(t)
  for app, fields in pairs {
    pgsql = { { "pgsql.tx", "pgsql.code", "28P01" }, { "pgsql.tx", "pgsql.authentication", "authentication_ok" }, port = 5432 },
    rfb = { { "rfb.result", "rfb.secresult", 1 }, { "rfb.result", "rfb.secresult", 0 }, port = 5900, also = { ["rfb.sectype"] = 2 } },
    krb5 = { { "krb5.message", "krb5.err_code", 24 }, { "krb5.message", "krb5.msg_type", 11 }, port = 88 },
    pop3 = { { "pop3.tx", "pop3.status", "ERR" }, { "pop3.tx", "pop3.status", "OK" }, port = 110, also = { ["pop3.command"] = "PASS" } },
    mqtt = { { "mqtt.tx", "mqtt.connack.return_code", 5 }, { "mqtt.tx", "mqtt.connack.return_code", 0 }, port = 1883, also = { ["mqtt.connect.username"] = "kiln" } },
    ldap = { { "ldap.tx", "ldap.responses.result_code", { 49 } }, { "ldap.tx", "ldap.responses.result_code", { 0 } }, port = 389,
             also = { ["ldap.request.operation"] = "bind_request", ["ldap.request.dn"] = "cn=alice" } },
  } do
    local function say(i, what)
      local more = { dst = "10.0.0.9:" .. fields.port, app = app, [what[2]] = what[3] }
      for k, v in pairs(fields.also or {}) do more[k] = v end
      auth(t, i, what[1], more)
    end
    for i = 1, 10 do say(i, fields[1]) end
    say(11, fields[2])
  end
  t:expect("BEH-BRUTE", 6)
  t:expect("BEH-BRUTE-SUCCESS", 6)
end)

test("short sessions of a protocol that tells of logins are none", function(t)
  for i = 1, 20 do t:flow { src = "10.0.0.7:4000", dst = "10.0.0.9:5432", app = "pgsql", time = i, bytes = { 900, 900 }, payload = { 300, 600 } } end
  t:expect("*", 0)
end)
