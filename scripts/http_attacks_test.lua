local n = 0
local function get(t, uri, more)
  n = n + 1
  local ev = { src = "203.0.113." .. n % 250 .. ":4000", dst = "10.0.0.9:80", app = "http", ["http.uri"] = uri, ["http.method"] = "GET", ["http.host"] = "www.example.com" }
  for k, v in pairs(more or {}) do ev[k] = v end
  t:event("http.request", ev)
end

local attacks = {
  ["BEH-WEB-SQLI"] = { "/?id=1'%20OR%20'1'='1", "/?id=1%20UNION%20SELECT%20user,password%20FROM%20users--", "/?id=1%2527%2520OR%25201%253D1--",
    "/?q=1;DROP+TABLE+users--", "/?id=-1+union+all+select+1,2,3" },
  ["BEH-WEB-XSS"] = { "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E" },
  ["BEH-WEB-TRAVERSAL"] = { "/?file=../../../../etc/passwd", "/download?f=..%2f..%2f..%2f..%2fwindows%2fwin.ini", "/static/..%252f..%252f..%252fetc/hosts" },
  ["BEH-WEB-CMD"] = { "/?host=127.0.0.1;cat%20/var/log/x", "/?host=1%7Cid", "/?x=%60whoami%60", "/?x=$(uname%20-a)" },
  ["BEH-WEB-SHELL"] = { "/uploads/c99.php?cmd=id2", "/uploads/shell.php?cmd=x" },
}
for id, uris in pairs(attacks) do
  test(id, function(t)
    for i, uri in ipairs(uris) do
      get(t, uri)
      local hits = 0
      for _, a in ipairs(t:alerts()) do if a.id == id then hits = hits + 1 end end
      assert(hits == i, "missed " .. uri)
    end
  end)
end

test("injection in a form", function(t)
  t:event("http.request_done", { app = "http", ["http.uri"] = "/login", ["http.method"] = "POST", ["http.request.content_type"] = "application/x-www-form-urlencoded",
    ["http.request_body"] = "user=admin%27--+&pass=1%27+or+%271%27%3D%271" })
  t:expect("BEH-WEB-SQLI", 1)
end)

test("a page sent as a form is none", function(t)
  t:event("http.request_done", { app = "http", ["http.uri"] = "/upload", ["http.request.content_type"] = "application/x-www-form-urlencoded",
    ["http.request_body"] = '<html><head><link href="/a.css"><script src="/app.js"></script></head></html>' })
  t:expect("*", 0)
end)

test("scanners by their agent", function(t)
  get(t, "/", { ["http.user_agent"] = "sqlmap/1.7.2#stable (https://sqlmap.org)" })
  t:expect("BEH-WEB-SCANNER", 1)
end)

test("ordinary addresses are none", function(t)
  local agents = { "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "curl/8.5.0", "Wget/1.21" }
  for i, uri in ipairs {
    "/", "/index.html?a=1&b=2", "/search?q=how+to+select+a+union+representative", "/search?q=it%27s+o%27clock+and+the+dog%27s+tail",
    "/search?q=SELECT+your+plan", "/a/../b/index.html", "/?redirect=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1%26c%3D2", "/?t=2024-01-01T10%3A00%3A00%2B02%3A00",
    "/api/v1/items?filter=name+eq+%27x%27", "/?sig=aGVsbG8gd29ybGQ%3D&e=1700000000", "/?q=C%2B%2B+%26+java", "/wp-content/themes/x/style.css?ver=6.4",
    "/?utm_source=a&utm_medium=b;c&utm_campaign=cat-food", "/?name=O%27Brien", "/?q=1+%2B+1+%3D+2", "/?list=a|b|c", "/cat?id=5", "/?json=%7B%22a%22%3A1%7D",
    "/?q=%3C3+love", "/?price=%24(5)", "/?q=drop+shipping+table+lamp", "/?q=a--b", "/tag/%23sh", "/?d=10;20;30", "/?q=Tom+%26+Jerry",
    "/?msg=Don%27t+stop+or+I%27ll+go", "/?a=b%7Cnetwork" } do
    get(t, uri, { ["http.user_agent"] = agents[i % 3 + 1] })
    t:expect("*", 0)
  end
end)
