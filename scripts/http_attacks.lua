-- Attacks on web applications (T1190, T1505.003, T1595): SQL injection, cross-site scripting, path
-- traversal, command injection, scanners by their agent, and web shells.
--
-- Values of the query and of form bodies are judged one by one, decoded again and again. SQL injection and
-- scripting are told by libinjection's fingerprints, which ordinary text seldom has, not by lists of words.
local function declare(id, title, severity, mitre, params)
  return nids.detector { id = id, title = title, severity = severity, mitre = mitre, tags = { "web" }, params = params, cooldown = "1m", key = "client.ip, server.ip" }
end
local sqli = declare("BEH-WEB-SQLI", "SQL injection", "high", "T1190", { min_length = { default = 5, doc = "shorter values are not looked at" } })
local xss = declare("BEH-WEB-XSS", "Cross-site scripting", "medium", "T1190")
local traversal = declare("BEH-WEB-TRAVERSAL", "Path traversal", "high", "T1190")
local command = declare("BEH-WEB-CMD", "Command injection", "high", "T1190")
local shell = declare("BEH-WEB-SHELL", "Web shell", "critical", "T1505.003")
local scanner = declare("BEH-WEB-SCANNER", "Web scanner by its agent", "medium", "T1595", { agents = { default = { "sqlmap", "nikto", "nmap scripting",
  "gobuster", "dirbuster", "wpscan", "nuclei", "masscan", "zgrab", "acunetix", "nessus", "openvas", "w3af", "arachni", "feroxbuster", "ffuf", "hydra" } } })

local programs = { "cat", "id", "ls", "nc", "ncat", "wget", "curl", "bash", "sh", "python", "perl", "whoami", "uname", "ping", "sleep", "powershell",
  "cmd", "type", "dir", "net", "nslookup", "certutil" }
local program = {}
for _, p in ipairs(programs) do program[p] = true end

local function is_command(v)
  for sep, word in v:gmatch("([;|&`\n$]+)%(?%s*([%w/%.]+)") do
    local name = word:match("([%w]+)$")
    if name and program[name:lower()] and (sep ~= "&" or v:find("^[^=&]*&[^=]*$")) then return word end
  end
end

local function is_traversal(v)
  local flat = v:gsub("\\", "/")
  local _, ups = flat:gsub("%.%./", "")
  if ups >= 3 or (ups >= 1 and flat:find("%.%./[^?#]*etc/passwd")) then return true end
  return flat:find("/etc/passwd", 1, true) or flat:find("/etc/shadow", 1, true) or flat:lower():find("/windows/win.ini", 1, true)
    or flat:lower():find("boot.ini", 1, true) or flat:find("/proc/self/environ", 1, true)
end

local function judge(ev, v, where)
  local function about(key, x)
    local e = { where = where, value = v:sub(1, 200), host = ev.http.host, uri = (ev.http.uri or ""):sub(1, 200) }
    if key then e[key] = x end
    return e
  end
  if #v >= sqli.params.min_length then
    local found, print = nids.is_sqli(v)
    if found then
      sqli:alert(ev, 0.9, about("fingerprint", print))
    elseif nids.is_xss(v) then
      xss:alert(ev, 0.85, about())
    end
  end
  if is_traversal(v) then traversal:alert(ev, 0.9, about()) end
  local word = is_command(v)
  if word then command:alert(ev, 0.85, about("command", word)) end
end

-- Each value of a=1&b=2, decoded up to three times.
local function values(ev, text, where)
  local n = 0
  for part in text:gmatch("[^&]+") do
    n = n + 1
    if n > 100 then return end
    local name, v = part:match("^([%w_.%%%[%]-]*)=(.*)$")
    if v or where == "query" then -- a body without names is no form, whatever its type says
      judge(ev, nids.url_decode(v or part, 3), where .. (name and (" " .. name:sub(1, 50)) or ""))
    end
  end
end

-- Requests that can be any of it: the others do not come here.
local worth = 'http.uri contains {"?", "%", "..", "/etc/passwd", "/etc/shadow", "win.ini", "boot.ini", "/proc/self/environ", ".php", "shell."} nocase'
for _, name in ipairs(scanner.params.agents) do
  worth = worth .. ' or http.user_agent contains "' .. name:gsub('[\\"]', "\\%0") .. '" nocase'
end
nids.on("http.request", worth, function(ev)
  local uri, agent = ev.http.uri, ev.http.user_agent
  if uri then
    local path, query = uri:match("^([^?]*)%??(.*)$")
    path = nids.url_decode(path, 3)
    if is_traversal(path) then
      traversal:alert(ev, 0.9, { where = "path", value = path:sub(1, 200), host = ev.http.host })
    end
    if query ~= "" then values(ev, query, "query") end
    local lower = path:lower()
    if lower:find("/[cr]%d%d%.php") or lower:find("/wso%d*%.php") or lower:find("shell%.%a+$") and query:find("cmd=") then
      shell:alert(ev, 0.9, { path = path:sub(1, 200), query = query:sub(1, 200), host = ev.http.host })
    end
  end
  if agent then
    local lower = agent:lower()
    for _, name in ipairs(scanner.params.agents) do
      if lower:find(name, 1, true) then
        scanner:alert(ev, 0.8, { agent = agent:sub(1, 200), tool = name })
        break
      end
    end
  end
end)

nids.on("http.request_done", 'http.request.content_type startswith "application/x-www-form-urlencoded"', function(ev)
  local body = ev.http.request_body
  if body and #body <= 65536 then values(ev, body, "body") end
end)
