test("an upload of 12 MB", function(t)
  t:flow { src = "10.0.0.5:4000", dst = "203.0.113.66:443", time = 60, duration = 3, bytes = { 12000000, 300000 } }
  t:expect("BEH-EXFIL", 1)
  t:equal(t:alerts()[1].evidence.size, "11.4 MiB")
end)

test("downloads, backups inside and small uploads are none", function(t)
  for i = 1, 50 do
    t:flow { src = "10.0.0.5:4000", dst = "203.0.113.66:443", time = i, bytes = { 300000, 12000000 } }
    t:flow { src = "10.0.0.5:4000", dst = "10.0.0.9:445", time = i, bytes = { 900000000, 100000 } }
    t:flow { src = "10.0.0.5:4000", dst = "203.0.113.67:443", time = i, bytes = { 500000, 20000 } }
  end
  t:expect("*", 0)
end)

test("a host that suddenly sends much, in small pieces", function(t)
  for hour = 0, 10 do
    local n = hour == 8 and 60 or 2
    for i = 1, n do
      t:flow { src = "10.0.0.5:4000", dst = "203.0.113." .. (hour == 8 and 66 or 80 + i) .. ":443", time = 3600 * hour + i * 50 + 10,
               bytes = { hour == 8 and 5000000 or 50000, 400000 } }
    end
  end
  t:tick(3600 * 12)
  t:expect("BEH-EXFIL", 1)
  local a = t:alerts()[1]
  assert(a.dst_ip == "203.0.113.66" and a.evidence.bytes_out == 300000000, a.evidence.bytes_out)
end)

test("data in pings", function(t)
  t:flow { src = "10.0.0.5", dst = "203.0.113.66", proto = "icmp", time = 10, duration = 6, bytes = { 120 * 942, 120 * 942 }, packets = { 120, 120 } }
  t:expect("BEH-EXFIL", 1)
end)

test("ordinary pings are none", function(t)
  for i = 1, 200 do
    t:flow { src = "10.0.0.5", dst = "203.0.113.66", proto = "icmp", time = i, duration = 6, bytes = { 5 * 98, 5 * 98 }, packets = { 5, 5 } }
  end
  t:expect("*", 0)
end)
