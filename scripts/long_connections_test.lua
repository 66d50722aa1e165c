test("a tunnel of nine hours, told while it is open", function(t)
  t:event("flow.start", { flow = "a", src = "10.0.0.5:4000", dst = "203.0.113.66:443", time = 10 })
  t:tick(3600 * 1.5)
  t:expect("BEH-LONG", 1)
  t:tick(3600 * 9)
  t:expect("BEH-LONG", 3)
  t:event("flow.end", { flow = "a", src = "10.0.0.5:4000", dst = "203.0.113.66:443", time = 3600 * 9, duration = 3600 * 9 - 10 })
  t:expect("BEH-LONG", 3)
  t:equal(t:alerts()[3].evidence.hours, 8)
end)

test("told at the end where no tick fell into it", function(t)
  t:flow { src = "10.0.0.5:4000", dst = "203.0.113.66:443", start = 10, time = 3700, duration = 3650, bytes = { 5000, 9000 } }
  t:expect("BEH-LONG", 1)
end)

test("short and inside connections, and listed ports, are none", { params = { ports = { 993 } } }, function(t)
  for i = 1, 50 do t:flow { src = "10.0.0.5:4000", dst = "203.0.113.66:443", start = i, time = i + 900, duration = 900 } end
  t:flow { src = "10.0.0.5:4000", dst = "10.0.0.9:22", start = 1000, time = 50000, duration = 49000 }
  t:flow { src = "10.0.0.5:4000", dst = "203.0.113.66:993", start = 50001, time = 90000, duration = 39000 }
  t:expect("*", 0)
end)
