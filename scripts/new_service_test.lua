local day = 86400
local function serve(t, at, port) t:flow { src = "10.0.0.5:4000", dst = "10.0.0.9:" .. port, time = at, bytes = { 600, 900 } } end

test("a port that was not there yesterday", function(t)
  for i = 1, 50 do serve(t, i * 1000, 80) serve(t, i * 1000, 22) end
  t:tick(day + 1000)
  serve(t, day + 1001, 80)
  t:expect("*", 0)
  serve(t, day + 1002, 4444)
  serve(t, day + 1003, 4444)
  t:expect("BEH-NEW-SERVICE", 1)
  t:equal(t:alerts()[1].evidence.port, 4444)
end)

test("ephemeral ports, a new host, and outside servers are none", function(t)
  serve(t, 10, 80)
  t:tick(day + 1000)
  for i = 1, 50 do serve(t, day + 1000 + i, 40000 + i) end
  t:flow { src = "10.0.0.5:4000", dst = "10.0.0.77:80", time = day + 2000, bytes = { 600, 900 } }
  t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:4444", time = day + 2001, bytes = { 600, 900 } }
  t:expect("*", 0)
end)
