package intel

import (
	"encoding/hex"
	"net/netip"

	"github.com/gaissmai/bart"
)

// DB answers whether feeds know a value. It is safe for any number of goroutines. now is the time,
// nanoseconds since 1970, at which an indicator must not have expired; 0 takes all.
type DB struct {
	store
	nets bart.Lite
	// labels is the most labels that a suffix has: more need not be tried.
	labels     int
	duplicates int
	feeds      []Feed
}

// Feed is a file that was loaded.
type Feed struct {
	File    string
	Format  string // yaml, list, csv, misp, stix
	Entries int
	Skipped int // what could not be used
}

// Feeds lists the files.
func (d *DB) Feeds() []Feed { return d.feeds }

// Len is the number of indicators of a kind.
func (d *DB) Len(k Kind) int { return d.count[k] }

// digestOf gives the place of a digest of n bytes in store.digests.
func digestOf(n int) int {
	switch n {
	case 16:
		return 0
	case 20:
		return 1
	case 32:
		return 2
	}
	return 3
}

// Digests tells which digests of files are worth computing, because there are indicators of them.
func (d *DB) Digests() (md5, sha1, sha256 bool) {
	if d == nil {
		return false, false, false
	}
	return d.digests[0] > 0, d.digests[1] > 0, d.digests[2] > 0
}

// Total is the number of all indicators.
func (d *DB) Total() int { return len(d.entries) }

// Duplicates is how many indicators were in several feeds, or several times in one.
func (d *DB) Duplicates() int { return d.duplicates }

func sec(now int64) uint32 {
	if now <= 0 {
		return 0
	}
	return uint32(now / 1e9)
}

// IP looks an address up: itself, then the networks that it is in, from the smallest on.
func (d *DB) IP(ip netip.Addr, now int64) (Match, bool) {
	if d == nil || d.count[IP]+d.count[Net] == 0 || !ip.IsValid() {
		return Match{}, false
	}
	ip = ip.Unmap().WithZone("")
	if e := d.find(IP, addrKey(new(netKey), ip), sec(now)); e != nil {
		return d.match(e), true
	}
	if d.count[Net] == 0 {
		return Match{}, false
	}
	host := netip.PrefixFrom(ip, ip.BitLen())
	p, ok := d.nets.LookupPrefixLPM(host)
	if !ok {
		return Match{}, false
	}
	if e := d.find(Net, prefixKey(new(netKey), p), sec(now)); e != nil {
		return d.match(e), true
	}
	for p := range d.nets.Supernets(host) { // the smallest has expired
		if e := d.find(Net, prefixKey(new(netKey), p), sec(now)); e != nil {
			return d.match(e), true
		}
	}
	return Match{}, false
}

// netKey holds an address, or a prefix with its length, as the store has it.
type netKey [17]byte

func addrKey(k *netKey, a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return k[:copy(k[:], b[:])]
	}
	b := a.As16()
	return k[:copy(k[:], b[:])]
}

func prefixKey(k *netKey, p netip.Prefix) []byte {
	n := len(addrKey(k, p.Addr()))
	k[n] = byte(p.Bits())
	return k[:n+1]
}

// Domain looks a name up: itself, then the suffixes that feeds have.
func (d *DB) Domain(name string, now int64) (Match, bool) { return domain(d, name, now) }

// DomainBytes is Domain for bytes.
func (d *DB) DomainBytes(name []byte, now int64) (Match, bool) { return domain(d, name, now) }

func domain[T string | []byte](d *DB, name T, now int64) (Match, bool) {
	if d == nil || d.count[Domain]+d.count[Suffix] == 0 || len(name) > 256 {
		return Match{}, false
	}
	var buf [256]byte
	n := lower(buf[:], name)
	for len(n) > 0 && n[len(n)-1] == '.' {
		n = n[:len(n)-1]
	}
	if len(n) == 0 {
		return Match{}, false
	}
	if e := d.find(Domain, n, sec(now)); e != nil {
		return d.match(e), true
	}
	if d.count[Suffix] == 0 {
		return Match{}, false
	}
	// From the longest suffix that a feed may have to the shortest.
	start := len(n)
	for labels := 0; labels < d.labels && start > 0; labels++ {
		start--
		for start > 0 && n[start-1] != '.' {
			start--
		}
	}
	for start < len(n) {
		if e := d.find(Suffix, n[start:], sec(now)); e != nil {
			return d.match(e), true
		}
		for start < len(n) && n[start] != '.' {
			start++
		}
		start++
	}
	return Match{}, false
}

// lower copies ASCII in lower case.
func lower[T string | []byte](buf []byte, s T) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(s)]
}

// URL looks a URL up. The scheme, the default ports and the fragment do not matter.
func (d *DB) URL(url string, now int64) (Match, bool) { return lookupURL(d, url, now) }

// URLBytes is URL for bytes.
func (d *DB) URLBytes(url []byte, now int64) (Match, bool) { return lookupURL(d, url, now) }

func lookupURL[T string | []byte](d *DB, url T, now int64) (Match, bool) {
	if d == nil || d.count[URL] == 0 || len(url) > maxValue {
		return Match{}, false
	}
	var buf [512]byte
	key, ok := urlKey(buf[:0], url)
	if !ok {
		return Match{}, false
	}
	if e := d.find(URL, key, sec(now)); e != nil {
		return d.match(e), true
	}
	return Match{}, false
}

// Request looks up the URL of an HTTP request: the Host header and the target as sent.
func (d *DB) Request(host, target []byte, now int64) (Match, bool) {
	if d == nil || d.count[URL] == 0 || len(host)+len(target) > maxValue {
		return Match{}, false
	}
	var buf [512]byte
	var key []byte
	if len(target) > 0 && target[0] != '/' { // a whole URL, as proxies get it
		k, ok := urlKey(buf[:0], target)
		if !ok {
			return Match{}, false
		}
		key = k
	} else {
		key = appendHost(buf[:0], host)
		key = appendPath(key, target)
	}
	if e := d.find(URL, key, sec(now)); e != nil {
		return d.match(e), true
	}
	return Match{}, false
}

// Hash looks up a hexadecimal MD5, SHA-1, SHA-256 or SHA-512 of a file or certificate, with or
// without colons.
func (d *DB) Hash(hash string, now int64) (Match, bool) { return hexLookup(d, Hash, hash, now) }

// HashText is Hash for bytes.
func (d *DB) HashText(hash []byte, now int64) (Match, bool) { return hexLookup(d, Hash, hash, now) }

// HashBytes is Hash for a digest as computed.
func (d *DB) HashBytes(digest []byte, now int64) (Match, bool) {
	if d == nil {
		return Match{}, false
	}
	if e := d.find(Hash, digest, sec(now)); e != nil {
		return d.match(e), true
	}
	return Match{}, false
}

// JA3 looks up a JA3 or JA3S fingerprint, the MD5 in hexadecimal.
func (d *DB) JA3(md5 string, now int64) (Match, bool) { return hexLookup(d, JA3, md5, now) }

// JA3Bytes is JA3 for bytes.
func (d *DB) JA3Bytes(md5 []byte, now int64) (Match, bool) { return hexLookup(d, JA3, md5, now) }

func hexLookup[T string | []byte](d *DB, k Kind, s T, now int64) (Match, bool) {
	if d == nil || d.count[k] == 0 {
		return Match{}, false
	}
	var buf [64]byte
	digest, ok := appendHex(buf[:0], s)
	if !ok {
		return Match{}, false
	}
	if e := d.find(k, digest, sec(now)); e != nil {
		return d.match(e), true
	}
	return Match{}, false
}

// JA4 looks up a JA4 or JA4S fingerprint.
func (d *DB) JA4(fingerprint string, now int64) (Match, bool) { return ja4(d, fingerprint, now) }

// JA4Bytes is JA4 for bytes.
func (d *DB) JA4Bytes(fingerprint []byte, now int64) (Match, bool) { return ja4(d, fingerprint, now) }

func ja4[T string | []byte](d *DB, fingerprint T, now int64) (Match, bool) {
	if d == nil || d.count[JA4] == 0 || len(fingerprint) > 128 {
		return Match{}, false
	}
	var buf [128]byte
	if e := d.find(JA4, lower(buf[:], fingerprint), sec(now)); e != nil {
		return d.match(e), true
	}
	return Match{}, false
}

// Lookup looks a value up by the name of its kind: ip, domain, url, hash, ja3 or ja4. known is false
// for another name.
func (d *DB) Lookup(kind, value string, now int64) (m Match, ok, known bool) {
	known = true
	switch kind {
	case "ip":
		if ip, err := netip.ParseAddr(value); err == nil {
			m, ok = d.IP(ip, now)
		}
	case "domain":
		m, ok = d.Domain(value, now)
	case "url":
		m, ok = d.URL(value, now)
	case "hash":
		m, ok = d.Hash(value, now)
	case "ja3", "ja3s":
		m, ok = d.JA3(value, now)
	case "ja4", "ja4s":
		m, ok = d.JA4(value, now)
	default:
		known = false
	}
	return m, ok, known
}

// match tells what an entry says.
func (d *DB) match(e *entry) Match {
	i := &d.infos[e.info]
	return Match{
		Kind: e.kind, Indicator: d.indicator(e), Category: d.names[i.category], Feed: d.names[i.feed],
		Description: string(d.text[i.text : i.text+uint32(i.textLen)]), Severity: i.severity,
		Confidence: i.confidence, Expires: int64(i.expires),
	}
}

func (d *DB) indicator(e *entry) string {
	v := d.values[e.value : e.value+uint32(e.length)]
	switch e.kind {
	case IP:
		a, _ := netip.AddrFromSlice(v)
		return a.String()
	case Net:
		a, _ := netip.AddrFromSlice(v[:len(v)-1])
		return netip.PrefixFrom(a, int(v[len(v)-1])).String()
	case Suffix:
		return "." + string(v)
	case Hash, JA3:
		return hex.EncodeToString(v)
	}
	return string(v)
}
