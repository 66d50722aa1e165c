-- Tunnels through DNS: data in the names asked for (T1071.004, T1048.003).
--
-- Per client and registered domain: different subdomains and the bytes of their labels within an hour (ibHH:
-- Ozery et al., arXiv 2307.02614), raised by unusual record types, entropy and length.
local detect = nids.detector {
  id = "BEH-DNS-TUNNEL", title = "DNS tunnel", severity = "high", mitre = { "T1071.004", "T1048.003" }, tags = { "dns", "tunnel" },
  doc = "One client asks for many different and long names below one domain.",
  params = {
    window    = { default = "1h", doc = "time that is looked at" },
    min_bytes = { default = "2500B", doc = "bytes of different labels within the window" },
    min_names = { default = 100, min = 10, doc = "different names within the window" },
    score     = { default = 0.7, min = 0, max = 1, doc = "score from which on to alert" },
    ignore    = { default = { ".in-addr.arpa", ".ip6.arpa", ".sophosxl.net", ".mcafee.com", ".e5.sk", ".senderbase.org", ".spamhaus.org",
                              ".barracudacentral.org", ".akadns.net", ".akamai.net", ".akamaiedge.net", ".cloudfront.net", ".amazonaws.com",
                              ".googlevideo.com", ".local" },
                  doc = "domains that encode data in names by design" },
  },
  cooldown = "1h", key = "client.ip",
}
local P = detect.params
local ignore = nids.set(P.ignore)
local odd = { TXT = true, NULL = true, CNAME = true, MX = true, SRV = true, KEY = true, PRIVATE = true, TYPE65399 = true }
local domains = nids.store { name = "domains", ttl = P.window, max = 20000, value = function()
  return { nids.distinct(P.window, 1024), nids.counter(P.window), nids.ewma { alpha = 0.05 }, 0, 0 }
end }
local NAMES, BYTES, ENTROPY, ALL, ODD = 1, 2, 3, 4, 5 -- lists take a fifth of the memory of tables with names

nids.on("dns.request", function(ev)
  local types = ev.dns.qtype
  for i, name in ipairs(ev.dns.rrname) do
    local domain = not ignore:has(name) and nids.registered_domain(name)
    local sub = domain and nids.subdomain(name)
    if sub and sub ~= "" then
      local d = domains:get(ev.client.ip, domain)
      local type = types[i] or ""
      d[ALL] = d[ALL] + 1
      if odd[type] or type:sub(1, 4) == "TYPE" then d[ODD] = d[ODD] + 1 end
      local n, fresh = d[NAMES]:add(sub:lower())
      local bytes = fresh and d[BYTES]:add(#sub) or d[BYTES]:sum()
      if fresh then d[ENTROPY]:add(nids.entropy(sub)) end
      if n >= P.min_names and bytes >= P.min_bytes then
        local share, entropy, length = d[ODD] / d[ALL], d[ENTROPY]:mean(), bytes / n
        local score = 0.45 + 0.2 * math.min(1, bytes / (4 * P.min_bytes))
        if share >= 0.3 then score = score + 0.15 end
        if entropy >= 3.5 then score = score + 0.1 end
        if length >= 20 then score = score + 0.15 end
        if score >= P.score then
          detect:alert(ev, math.min(1, score), { domain = domain, names = n, label_bytes = bytes, queries = d[ALL], odd_types = share,
            entropy = entropy, mean_length = length, example = name })
        end
      end
    end
  end
end)
