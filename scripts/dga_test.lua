local function answer(t, i, name, rcode)
  t:event("dns.response", { src = "10.0.0.5:5353", dst = "10.0.0.53:53", proto = "udp", time = i, ["dns.rrname"] = { name }, ["dns.rcode"] = rcode })
end

local function random(i, n)
  local s, x = {}, i * 7919 + 13
  for k = 1, n do
    x = (x * 16807) % 2147483647
    s[k] = string.char(97 + x % 26)
  end
  return table.concat(s)
end

test("a client that looks for its server", function(t)
  for i = 1, 40 do answer(t, i, random(i, 12) .. ".com", 3) end
  t:expect("BEH-DGA", 1)
  assert(#t:alerts()[1].evidence.examples == 10)
end)

test("mistyped names and names that exist are none", function(t)
  local words = { "weathernews", "booksellers", "trainstation", "greenhouse", "mountainbike", "coffeeshop", "newspaper", "sportsclub", "kitchenware",
    "gardenworld", "musicstore", "cityhotel", "fastdelivery", "photoprint", "familydoctor", "languageschool", "travelguide", "cinematickets" }
  for i, w in ipairs(words) do answer(t, i, "www." .. w .. ".com", 3) end
  for i = 1, 100 do answer(t, 100 + i, random(i, 12) .. ".com", 0) end
  for i = 1, 100 do answer(t, 300 + i, random(i, 12) .. ".example.com", 3) end -- one domain
  for i = 1, 100 do answer(t, 500 + i, random(i, 12) .. ".local", 3) end
  t:expect("*", 0)
end)
