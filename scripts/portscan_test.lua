local function probe(t, i, dst, port, flags, more)
  local flow = { src = "203.0.113.66:" .. 40000 + math.floor(i) % 1000, dst = dst .. ":" .. port, time = i, established = false, bytes = { 60, 60 }, flags = flags }
  for k, v in pairs(more or {}) do flow[k] = v end
  t:flow(flow)
end

for kind, flags in pairs { SYN = { "S", "RA" }, FIN = { "F", "RA" }, NULL = { "", "RA" }, Xmas = { "FPU", "RA" } } do
  test(kind .. " scan", function(t)
    for i = 1, 60 do probe(t, i * 0.01, "10.0.0.9", i, flags) end
    t:expect("BEH-SCAN-PORTS", 1)
    t:equal(t:alerts()[1].evidence.kind, kind)
    t:equal(t:alerts()[1].src_ip, "203.0.113.66")
  end)
end

test("a slow scan, a port every two minutes", function(t)
  for i = 1, 29 do probe(t, i * 120, "10.0.0.9", i, { "S", "RA" }) end
  t:expect("BEH-SCAN-PORTS", "some")
end)

test("connect scan of refused ports", function(t)
  for i = 1, 60 do probe(t, i * 0.01, "10.0.0.9", i, { "S", "RA" }) end
  t:expect("BEH-SCAN-PORTS", 1)
end)

test("UDP scan", function(t)
  for i = 1, 30 do probe(t, i, "10.0.0.9", i, nil, { proto = "udp", packets = { 1, 0 } }) end
  t:expect("BEH-SCAN-PORTS", 1)
end)

test("sweep of a network", function(t)
  for i = 1, 60 do probe(t, i, "10.0.2." .. i, 445, { "S", "" }) end
  t:expect("BEH-SCAN-HOSTS", 1)
  t:expect("BEH-SCAN-TRW", 1)
end)

test("ping sweep", function(t)
  for i = 1, 40 do probe(t, i, "10.0.2." .. i, 0, nil, { proto = "icmp", packets = { 1, 0 } }) end
  t:expect("BEH-SCAN-HOSTS", 1)
end)

test("browsing, FTP data and a dead server are none", function(t)
  for i = 1, 300 do
    t:flow { src = "10.0.0.5:4000", dst = "198.51.100." .. i % 250 .. ":443", time = i, bytes = { 900, 9000 }, payload = { 300, 8000 } }
    t:flow { src = "10.0.0.5:4000", dst = "10.0.0.20:" .. 40000 + i, time = i, bytes = { 100, 9000 }, payload = { 0, 8000 } }
    probe(t, i, "10.0.0.99", 80, { "S", "" }, { src = "10.0.0.5:4000" })
  end
  t:expect("*", 0)
end)

test("traceroute is none", function(t)
  for i = 0, 89 do probe(t, 1 + i * 0.1, "198.51.100.7", 33434 + i, nil, { proto = "udp", packets = { 1, 0 } }) end
  t:expect("*", 0)
end)
