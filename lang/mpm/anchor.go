package mpm

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// anchors picks and collects the anchors of the patterns of a set.
type anchors struct {
	s      *Set
	load   []uint16 // how many patterns use an anchor, by hash, so that they spread
	shift  uint8
	opens  []openAnchor
	begins int // keys of anchors
	table  table
	common *gramSet
}

// openAnchor is one of which some places may have one of several bytes.
type openAnchor struct {
	sets  [anchorLen]ByteSet // case folded
	group uint16
}

func newAnchors(s *Set, n int) *anchors {
	nb := max(10, bits.Len(uint(n))+3)
	return &anchors{s: s, load: make([]uint16, 1<<nb), shift: uint8(64 - nb), common: commonGrams(),
		table: table{pending: make([]keyed, 0, 2*n)}}
}

// anchorLen is the number of bytes of an anchor: two runs of three that share one.
const anchorLen = 5

// lastOffset bounds where in a pattern its anchors are.
const lastOffset = 1 << 14

// openCost is what an anchor costs in which the pattern leaves bytes open.
const openCost = 60

// literal enters the anchors of p (3 bytes or more). A scan sees every second position, so p needs one anchor at an
// even offset and one at an odd; each is chosen by itself. Of short patterns an anchor may reach beyond their ends.
func (l *anchors) literal(pat uint32, p []byte) {
	for parity := range 2 {
		best, bestCost := 0, 1<<30
		for i := -parity; i+3 <= len(p) && i < lastOffset; i += 2 {
			if c := l.cost(p, i); c < bestCost {
				best, bestCost = i, c
			}
		}
		if best >= 0 && best+anchorLen <= len(p) {
			l.exact(pat, best, key5(p[best:]))
			continue
		}
		var sets [anchorLen]ByteSet
		for k := range sets {
			sets[k] = openSet
			if j := best + k; j >= 0 && j < len(p) {
				sets[k] = ByteSet{}
				sets[k][p[j]>>6] |= 1 << (p[j] & 63)
			}
		}
		l.open(pat, best, &sets)
	}
}

// key5 is an anchor as a key, case folded.
func key5(p []byte) uint64 {
	return (uint64(binary.LittleEndian.Uint32(p)) | uint64(p[4])<<32 | caseBits) & gram5
}

// cost judges the anchor of p at offset i, from -1 to len(p)-3.
func (l *anchors) cost(p []byte, i int) int {
	if i < 0 || i+anchorLen > len(p) {
		known := p[max(i, 0):min(i+anchorLen, len(p))]
		if len(known) < min(4, len(p)) {
			return 1 << 29
		}
		return openCost + runCost(known)
	}
	cost := runCost(p[i : i+anchorLen])
	for k := range 2 {
		if l.common.has(binary.LittleEndian.Uint32(p[i+k:]) | fold4) {
			cost += 25
		}
	}
	n := int(l.load[hashKey(key5(p[i:]))>>l.shift])
	return cost + 5*min(8, n) + n/2
}

// runCost is how common bytes in a row are; repetitions are as common as one.
func runCost(b []byte) int {
	cost, same := 0, 0
	for j, c := range b {
		cost += int(byteCost(c))
		if j > 0 && c|0x20 == b[j-1]|0x20 {
			same++
		}
	}
	if same == len(b)-1 {
		cost += 60
	}
	return cost + 4*same
}

// exact enters an anchor of five known bytes.
func (l *anchors) exact(pat uint32, off int, key uint64) {
	if h := hashKey(key) >> l.shift; l.load[h] < 1<<16-1 {
		l.load[h]++
	}
	l.begins++
	l.enter(pat, off, key)
}

// exactGroup is the group of an anchor of known bytes, by the first three, so that these mark few groups. Those that begin with
// a run of one byte are not in the group of those that end with one, or they would let each long run of zeros through together.
func exactGroup(key uint64) uint16 {
	switch {
	case isRun(uint32(key)):
		return runGroup
	case isRun(uint32(key >> 16)):
		return toRunGroup
	}
	return 1 << (hash3(uint32(key)) >> 8 % exactGroups)
}

// isRun tells whether the lower three bytes are equal.
func isRun(g uint32) bool { return (g^g>>8)&0xffff == 0 }

func (l *anchors) enter(pat uint32, off int, key uint64) {
	e := entry{pat: pat, off: int16(off), n: uint16(min(l.s.pats[pat].n, 1<<16-1))}
	e.describe(l.s)
	l.table.pending = append(l.table.pending, keyed{key, e})
}

// openSet is the set of all bytes.
var openSet = ByteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// open enters an anchor whose places may have one of several bytes. It is found by its first or by its last three
// bytes, whichever are fewer.
func (l *anchors) open(pat uint32, off int, sets *[anchorLen]ByteSet) {
	var n [anchorLen]int
	for i := range sets {
		sets[i] = folded(sets[i])
		n[i] = size(sets[i])
	}
	first, last := n[0]*n[1]*n[2], n[2]*n[3]*n[4]
	group, kind, by := uint16(firstGroup), uint64(keyFirst), sets[:3]
	if last < first {
		group, kind, by = lastGroup, keyLast, sets[2:]
	}
	if min(first, last) > 4 {
		group <<= 1
	}
	l.opens = append(l.opens, openAnchor{*sets, group})
	l.begins += min(first, last) / 2
	grams(by, func(g uint32) { l.enter(pat, off, uint64(g)|kind) })
}

// grams lists the runs of three bytes that the sets allow.
func grams(sets []ByteSet, each func(uint32)) {
	members(sets[0], func(a uint32) {
		members(sets[1], func(b uint32) {
			members(sets[2], func(c uint32) { each(a | b<<8 | c<<16) })
		})
	})
}

func members(s ByteSet, each func(uint32)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			each(uint32(64*i + bits.TrailingZeros64(w)))
		}
	}
}

// finish builds the filter and the table.
func (l *anchors) finish() {
	f, t := &l.s.long, &l.s.table
	if len(l.table.pending) == 0 {
		return
	}
	nb := min(maxBits, max(minBits, bits.Len(uint(l.begins*8))))
	f.shift = uint8(32 - nb)
	f.words = make([]uint16, 1<<nb)
	for i := range l.table.pending {
		if key := l.table.pending[i].key; key <= gram5 {
			group := exactGroup(key)
			f.words[hash3(uint32(key))>>f.shift] |= group
			f.words[hash3(uint32(key>>16))>>f.shift] |= group << 8
		}
	}
	for i := range l.opens {
		o := &l.opens[i]
		grams(o.sets[:3], func(g uint32) { f.words[hash3(g)>>f.shift] |= o.group })
		grams(o.sets[2:], func(g uint32) { f.words[hash3(g)>>f.shift] |= o.group << 8 })
	}
	*t = l.table
	t.build()
}

// byteCost is how common a byte is in traffic, in rough steps.
func byteCost(c byte) uint8 {
	switch c | 0x20 {
	case 'e', 't', 'a', 'o', 'i', 'n', 's', 'r':
		return 9
	case 'l', 'd', 'c', 'u', 'm', 'p', 'h':
		return 8
	case 'f', 'g', 'b', 'w', 'v', 'y', 'k':
		return 7
	}
	switch {
	case c == 0:
		return 12
	case c == ' ', c == 0xff:
		return 9
	case c >= '0' && c <= '9', c == '/', c == '.', c == '-', c == '=':
		return 7
	case c == '\r', c == '\n', c == ':', c == '"', c == '<', c == '>', c == 1:
		return 6
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return 5
	case c < 0x80:
		return 5
	}
	return 4
}

// fold4 folds the case of four bytes.
const fold4 = 0x20202020

// gramSet is a set of grams. Most that are asked for are not in it, which a bit each tells.
type gramSet struct {
	bits [1 << 16 / 64]uint64
	all  map[uint32]struct{}
}

func gramBit(g uint32) (word, bit uint32) {
	h := g * 0x9e3779b1 >> 16
	return h >> 6, h & 63
}

func (s *gramSet) add(g uint32) {
	w, b := gramBit(g)
	s.bits[w] |= 1 << b
	s.all[g] = struct{}{}
}

func (s *gramSet) has(g uint32) bool {
	w, b := gramBit(g)
	if s.bits[w]>>b&1 == 0 {
		return false
	}
	_, ok := s.all[g]
	return ok
}

// commonGrams are the grams of text that is in most traffic.
var commonGrams = sync.OnceValue(func() *gramSet {
	s := &gramSet{all: make(map[uint32]struct{})}
	for i := 0; i+4 <= len(commonText); i++ {
		s.add(binary.LittleEndian.Uint32([]byte(commonText[i:i+4])) | fold4)
	}
	for c := range 256 {
		s.add(uint32(c)*0x01010101 | fold4)
	}
	return s
})

// commonText is what clients and servers say all day.
const commonText = "GET / HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) " +
	"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Gecko/20100101 Firefox/115.0 " +
	"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; .NET CLR 2.0.50727)\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/png,image/svg+xml,*/*;q=0.8\r\n" +
	"Accept-Language: en-us,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Charset: ISO-8859-1,utf-8;q=0.7\r\n" +
	"Connection: keep-alive\r\nConnection: close\r\nKeep-Alive: timeout=5, max=100\r\nReferer: http://www.example.com/index.html\r\n" +
	"Referer: https://www.google.com/search\r\nCookie: sessionid=; path=/; domain=.com; expires=\r\nSet-Cookie: PHPSESSID=\r\n" +
	"Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Mode: navigate\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
	"Content-Type: text/html; charset=UTF-8\r\nContent-Type: image/jpeg\r\nContent-Type: application/javascript\r\n" +
	"Content-Length: 1000\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nCache-Control: no-cache, max-age=0\r\n" +
	"Cache-Control: private, no-store, must-revalidate\r\nPragma: no-cache\r\nDate: Mon, 01 Jan 2020 00:00:00 GMT\r\n" +
	"Last-Modified: Tue, Wed, Thu, Fri, Sat, Sun, Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec\r\nETag: \"\"\r\nExpires: \r\n" +
	"Server: Apache/2.4.1 (Unix) nginx Microsoft-IIS/7.5\r\nX-Powered-By: PHP/5.3 ASP.NET\r\nVary: Accept-Encoding, User-Agent\r\n" +
	"If-Modified-Since: If-None-Match: Location: http://\r\n\r\nHTTP/1.1 200 OK\r\nHTTP/1.0 404 Not Found\r\n302 Found 304 Not Modified" +
	"POST /index.php?id= HTTP/1.0\r\n.html .php .asp .aspx .jpg .gif .png .css .js .json .xml .net .org .com/ www. https:// " +
	"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">" +
	"<html><head><title></title><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"><link rel=\"stylesheet\" " +
	"type=\"text/css\" href=\"/css/style.css\"><script type=\"text/javascript\" src=\"/js/jquery.min.js\"></script></head><body>" +
	"<div class=\"\" id=\"\" style=\"\"><table border=\"0\" width=\"100%\" height=\"\"><tr><td align=\"center\"><a href=\"http://\">" +
	"<img src=\"/images/\" alt=\"\"><span></span><p></p><br /><ul><li></li></ul><form action=\"\" method=\"post\"><input type=\"hidden\" name=\"\" value=\"\">" +
	"</form></div></td></tr></table></body></html>function(){return this.length;var document.getElementById(\"\");if(typeof window!=\"undefined\")" +
	"{for(var i=0;i<a.length;i++)}else{new Date(); null, true, false; document.write(); window.location; .innerHTML=''; String Array Object " +
	"the and that with this from have not for are was you your all can will more one out about which information other "

// Rarity tells how well p serves as the literal that a rule is looked for by: about how many
// bits of information it carries in ordinary traffic, at most rarityCap. Text that is in most traffic counts little.
func Rarity(p []byte) int {
	sum, n := 0, 0
	common := commonGrams()
	for i, c := range p {
		b := 12 - int(byteCost(c))
		if i > 0 && c|0x20 == p[i-1]|0x20 {
			b = 0
		}
		if i >= 3 && common.has(binary.LittleEndian.Uint32(p[i-3:])|fold4) {
			b /= 4
		} else {
			n++
		}
		sum += b
	}
	if n <= 3 { // nothing but common text
		sum /= 2
	}
	return min(sum, rarityCap)
}

const rarityCap = 100
