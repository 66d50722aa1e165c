local function ask(t, i, name, qtype)
  t:event("dns.request", { src = "10.0.0.5:5353", dst = "10.0.0.53:53", proto = "udp", time = i, ["dns.rrname"] = { name }, ["dns.qtype"] = { qtype } })
end

local function label(i) -- as a tunnel's: base32 of something
  local s, x = {}, i * 7919 + 13
  for k = 1, 50 do
    x = (x * 16807) % 2147483647
    s[k] = ("abcdefghijklmnopqrstuvwxyz234567"):sub(x % 32 + 1, x % 32 + 1)
  end
  return table.concat(s)
end

test("iodine-like names in NULL records", function(t)
  for i = 1, 150 do ask(t, i, label(i) .. ".t.evil.example", "NULL") end
  t:expect("BEH-DNS-TUNNEL", 1)
  local e = t:alerts()[1].evidence
  assert(e.domain == "evil.example" and e.names >= 100 and e.label_bytes >= 2500 and e.odd_types == 1)
end)

test("names in A records too", function(t)
  for i = 1, 150 do ask(t, i, label(i) .. ".t.evil.example", "A") end
  t:expect("BEH-DNS-TUNNEL", 1)
end)

test("a busy resolver is none", function(t)
  for i = 1, 3000 do ask(t, i, "www.site" .. i .. ".example.com", "A") end
  for i = 1, 500 do ask(t, 3000 + i, "host" .. (i % 60) .. ".corp.example.net", "AAAA") end
  for i = 1, 500 do ask(t, 4000 + i, i .. ".2.0.192.in-addr.arpa", "PTR") end
  t:expect("*", 0)
end)

test("repetition of one long name is none", function(t)
  for i = 1, 2000 do ask(t, i, label(1) .. ".cdn.example.com", "TXT") end
  t:expect("*", 0)
end)

test("many hosts of one domain by short names are none", function(t)
  for i = 1, 400 do ask(t, i, "img" .. i .. ".example.com", "A") end
  t:expect("*", 0)
end)
