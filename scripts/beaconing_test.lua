local function jitter(i, share) -- the same on each run
  return ((i * 7919) % 1000 / 1000 - 0.5) * 2 * share
end

test("calls every minute with 20 % of jitter", function(t)
  local at = 0
  for i = 1, 40 do
    at = at + 60 * (1 + jitter(i, 0.2))
    t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", time = at, bytes = { 600, 900 } }
  end
  t:expect("BEH-BEACON", 1)
  local a = t:alerts()[1]
  assert(a.score >= 0.8 and a.evidence.p < 0.01, a.score)
  assert(math.abs(a.evidence.median_gap - 60) < 6, a.evidence.median_gap)
  t:equal(a.evidence.destination, "203.0.113.9:443")
end)

test("the name in TLS joins several addresses", function(t)
  for i = 1, 40 do
    local flow = { src = "10.0.0.5:4000", dst = "203.0.113." .. (i % 4 + 1) .. ":443", time = i * 60, bytes = { 600, 900 }, flow = "f" .. i }
    flow["tls.sni"] = "c2.example.net"
    t:event("tls.client_hello", flow)
    flow["tls.sni"] = nil
    t:flow(flow)
  end
  t:expect("BEH-BEACON", "some")
  t:equal(t:alerts()[1].evidence.destination, "c2.example.net")
end)

test("random arrivals of equal size are none", function(t)
  local at, x = 0, 12345
  for i = 1, 400 do
    x = (x * 1103515245 + 12345) % 2147483648
    at = at - 60 * math.log((x + 1) / 2147483649)
    t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", time = at, bytes = { 600, 900 } }
  end
  t:expect("BEH-BEACON", 0)
end)

test("browsing in bursts is none", function(t)
  for burst = 1, 12 do
    for i = 1, 8 do
      t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", time = burst * burst * 40 + i * 0.3, bytes = { 400 + i * 97 % 50 * 30, 9000 } }
    end
  end
  t:expect("BEH-BEACON", 0)
end)

test("inside destinations and refused connections do not count", function(t)
  for i = 1, 60 do
    t:flow { src = "10.0.0.5:4000", dst = "10.0.0.9:443", time = i * 60, bytes = { 600, 900 } }
    t:flow { src = "10.0.0.6:4000", dst = "203.0.113.9:443", time = i * 60, established = false, bytes = { 60, 60 } }
  end
  t:expect("*", 0)
end)
