-- Names made by an algorithm (T1568.002): an implant that looks for its server under hundreds of names,
-- most of which do not exist.
--
-- Per client: different registered domains that do not exist (NXDOMAIN) and whose label does not look like
-- words: few of its letter pairs are among the common ones of natural language.
local detect = nids.detector {
  id = "BEH-DGA", title = "Names made by an algorithm", severity = "high", mitre = "T1568.002", tags = { "dns", "c2" },
  params = {
    window  = { default = "10m", doc = "time that is looked at" },
    names   = { default = 12, min = 3, doc = "different domains that do not exist and look random" },
    common  = { default = 0.42, min = 0, max = 1, doc = "share of common letter pairs below which a label looks random" },
    min_length = { default = 7, min = 4, doc = "shorter labels are not judged" },
    ignore  = { default = { ".local", ".lan", ".home", ".internal", ".corp", ".in-addr.arpa", ".ip6.arpa" }, doc = "domains not judged" },
  },
  cooldown = "1h", key = "client.ip",
}
local P = detect.params
local ignore = nids.set(P.ignore)

-- The commonest letter pairs of European languages, and of names of firms and products.
local common = {}
for pair in ([[th he in er an re nd on en at ou ed ha to or it is hi es ng st ar te se me sa ne wa ve le no ta al de ot so dt ll tt el ro
  ri io ea ra ce li la ma as ic om ur ho us et be ch ec ca di co mo il si ge lo ti tr ai ie ac ni nt wo sh oo ns mi ee un em po pe bo ol
  op ag ap pl pr ad am ab id im ir iv ke ld lt na nc ow os ov ow pa ph pi qu rd rk rm rn rs rt sc sp ss su tu ty ul um up ut vi wh wi
  we ay ey ly my by go ga gr br bl cl cr dr fr fi fo fa fe ff gl ew aw eb ck ct da do du eg ef ep ev ex fl ft fu gi gu ht ig ip ja jo
  ju ki lu mb mp mu nk ob od of ok oc og oi pu rc ru ry sk sl sm sn sw tw va ]]):gmatch("%a%a") do common[pair] = true end

local function share_of_common(label)
  local n, hits = 0, 0
  for i = 1, #label - 1 do
    n = n + 1
    if common[label:sub(i, i + 1)] then hits = hits + 1 end
  end
  return n > 0 and hits / n or 1
end

local clients = nids.store { name = "clients", ttl = P.window, max = 20000, value = function()
  return { nids.distinct(P.window, 512), nids.distinct(P.window, 512) }
end }
local ALL, ODD = 1, 2 -- lists take a fifth of the memory of tables with names

nids.on("dns.response", "dns.rcode == 3", function(ev)
  for _, name in ipairs(ev.dns.rrname) do
    local domain = not ignore:has(name) and nids.registered_domain(name)
    local label = domain and domain:match("^[^.]+"):lower():gsub("[^%a%d]", "")
    if label and #label >= P.min_length and not label:find("^xn") then
      local c = clients:get(ev.client.ip)
      local all = c[ALL]:add(domain)
      local share = share_of_common(label)
      if share < P.common then
        local odd = c[ODD]:add(domain)
        if odd >= P.names and odd >= 0.5 * all then
          detect:alert(ev, math.min(1, 0.7 + odd / 200), { names = odd, nonexistent = all, common_pairs = share, entropy = nids.entropy(label), examples = c[ODD]:values(10) })
        end
      end
    end
  end
end)
