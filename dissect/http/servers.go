package http

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// serverPrefix is where Suricata has the settings of servers: libhtp.server-config, a list of names with an address, or a list of
// them, and settings as those of libhtp.default-config.
const serverPrefix = "http.libhtp.server-config."

// serverConfig are the settings of some servers.
type serverConfig struct {
	servers []netip.Prefix
	config  config
}

// loadServers reads the settings of servers. Those without an address that can be read are left out.
func loadServers(l *dissect.Limits) (list []serverConfig) {
	groups := map[string]map[string]string{}
	for k, v := range l.Settings {
		rest, ok := strings.CutPrefix(k, serverPrefix)
		name, key, ok2 := strings.Cut(rest, ".")
		if ok && ok2 {
			if groups[name] == nil {
				groups[name] = map[string]string{}
			}
			groups[name][key] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		s := serverConfig{config: configOf(l, groups[name])}
		for _, k := range slices.Sorted(maps.Keys(groups[name])) {
			if k == "address" || strings.HasPrefix(k, "address.") {
				s.servers = append(s.servers, prefixes(groups[name][k])...)
			}
		}
		if len(s.servers) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// prefixes reads addresses and networks, with commas between.
func prefixes(v string) (list []netip.Prefix) {
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("[], ", r) }) {
		if p, err := netip.ParsePrefix(s); err == nil {
			list = append(list, p.Masked())
		} else if a, err := netip.ParseAddr(s); err == nil {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return list
}

// configOf makes the settings of a server: Suricata's defaults but for what is in set, by the names of libhtp.default-config.
func configOf(l *dissect.Limits, set map[string]string) config {
	own := dissect.DefaultLimits()
	own.KeepBodies = l.KeepBodies
	own.Settings = map[string]string{}
	for k, v := range set {
		own.Settings[settingsPrefix+k] = v
	}
	h := &own.HTTP
	for name, to := range map[string]*int{"request-body-limit": &h.RequestBodyLimit, "response-body-limit": &h.ResponseBodyLimit,
		"response-body-decompress-layer-limit": &h.DecompressLayers, "headers-limit": &h.MaxHeaders, "meta-field-limit": &h.FieldLimit, "max-tx": &h.MaxTx} {
		*to = dissect.Size(set[name], *to)
	}
	h.LZMA = dissect.Truth(set["lzma-enabled"])
	return loadConfig(&own)
}

// configure takes the settings, those of the server if it has its own: the most particular ones that hold for its address.
func (p *Parser) configure(c *dissect.Ctx) {
	if p.cfgFor != c.Limits {
		p.common, p.servers, p.cfgFor = loadConfig(c.Limits), loadServers(c.Limits), c.Limits
		p.cfg = p.common
	}
	if len(p.servers) == 0 || c.Flow == nil {
		return
	}
	p.cfg = p.common
	server, bits := c.Flow.Key.Dst.Netip(), -1
	for i := range p.servers {
		for _, net := range p.servers[i].servers {
			if net.Bits() > bits && net.Contains(server) {
				p.cfg, bits = p.servers[i].config, net.Bits()
			}
		}
	}
}
