test("SYN flood", function(t)
  for i = 0, 1999 do
    t:flow { src = "198.51.100." .. i % 250 .. ":" .. 1024 + i, dst = "10.0.0.9:80", start = 100 + i / 400, time = 130 + i / 400, established = false,
             bytes = { 60, 120 }, flags = { "S", "SA" } }
  end
  t:expect("BEH-FLOOD", 1)
  t:equal(t:alerts()[1].title, "SYN flood")
  t:equal(t:alerts()[1].dst_ip, "10.0.0.9")
end)

test("UDP flood in one flow", function(t)
  t:flow { src = "198.51.100.7:4000", dst = "10.0.0.9:9", proto = "udp", start = 10, time = 50, duration = 5, packets = { 50000, 0 }, bytes = { 4000000, 0 } }
  t:expect("BEH-FLOOD", 1)
end)

test("NTP amplification, seen from its first packet", function(t)
  for i = 1, 100 do
    t:flow { src = "198.51.100." .. i .. ":123", dst = "10.0.0.9:4000", proto = "udp", time = 20 + i / 50, packets = { 100, 0 }, bytes = { 48000, 0 } }
  end
  t:expect("BEH-FLOOD", 1)
  t:equal(t:alerts()[1].title, "NTP amplification")
end)

test("a spike above the baseline", function(t)
  local at = 0
  for step = 1, 40 do
    local n = step == 35 and 4000 or 20
    for i = 1, n do
      t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", time = step * 10 + i * 9 / n, bytes = { 600, 900 } }
    end
  end
  t:tick(420)
  t:expect("BEH-FLOOD", 1)
  assert(t:alerts()[1].evidence.flows_per_second >= 300)
end)

test("a load test, a busy resolver and a download are none", function(t)
  for i = 1, 200 do t:flow { src = "10.0.0.5:" .. 4000 + i, dst = "10.0.0.9:80", time = 1 + i / 1000, bytes = { 600, 900 }, payload = { 300, 600 } } end
  for i = 1, 3000 do t:flow { src = "10.0.0.53:" .. 4000 + i, dst = "198.51.100.1:53", proto = "udp", time = 2 + i / 100, bytes = { 80, 160 }, packets = { 1, 1 } } end
  t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", proto = "udp", time = 60, duration = 20, packets = { 9000, 50000 }, bytes = { 900000, 60000000 } }
  for i = 1, 20 do t:flow { src = "10.0.0.5:4000", dst = "10.0.0.99:80", time = 61 + i, established = false, bytes = { 180, 0 }, flags = { "S", "" } } end
  t:expect("*", 0)
end)
