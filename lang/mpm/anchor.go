package mpm

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// anchorLoad counts how many patterns already use a gram, so that patterns spread.
type anchorLoad struct {
	n     []uint16 // by hash
	shift uint8
}

func newAnchorLoad(patterns int) *anchorLoad {
	nb := max(10, bits.Len(uint(patterns))+3)
	return &anchorLoad{n: make([]uint16, 1<<nb), shift: uint8(64 - nb)}
}

// wildCost is what a gram with a byte that the pattern leaves open costs: it takes 128 entries.
const wildCost = 40

// add appends the grams that represent p (3 bytes or more). A scan sees every second position, so p needs one gram at an
// even offset and one at an odd; each is chosen by itself. A gram may reach one byte beyond p, which then is any.
func (l *anchorLoad) add(out []gramEntry, pat uint32, p []byte) []gramEntry {
	for parity := range 2 {
		best, bestCost := 0, 1<<30
		for i := parity - 2*parity; i+3 <= len(p); i += 2 {
			if c := l.cost(p, i); c < bestCost {
				best, bestCost = i, c
			}
		}
		out = l.enter(out, pat, p, best)
	}
	return out
}

// cost judges the gram of p at offset i, from -1 to len(p)-3.
func (l *anchorLoad) cost(p []byte, i int) int {
	if i < 0 || i+4 > len(p) {
		known := p[max(i, 0):min(i+4, len(p))]
		if len(known) < 3 {
			return 1 << 29
		}
		return wildCost + runCost(known)
	}
	g := binary.LittleEndian.Uint32(p[i:]) | caseBits
	cost := runCost(p[i : i+4])
	if commonGrams()[g] {
		cost += 30
	}
	n := int(l.n[hash(g)>>l.shift])
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

// enter adds the gram at offset i, or all that it may be where it reaches beyond p.
func (l *anchorLoad) enter(out []gramEntry, pat uint32, p []byte, i int) []gramEntry {
	if i >= 0 && i+4 <= len(p) {
		g := binary.LittleEndian.Uint32(p[i:]) | caseBits
		if h := hash(g) >> l.shift; l.n[h] < 1<<16-1 {
			l.n[h]++
		}
		return append(out, gramEntry{g, pat, int32(i)})
	}
	var sets [4]ByteSet
	for k := range sets {
		if j := i + k; j >= 0 && j < len(p) {
			sets[k][p[j]>>6] |= 1 << (p[j] & 63)
		} else {
			sets[k] = ByteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		}
	}
	return expand(out, pat, int32(i), sets[:], 0, 0)
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

// commonGrams are the grams of text that is in most traffic.
var commonGrams = sync.OnceValue(func() map[uint32]bool {
	m := make(map[uint32]bool)
	for i := 0; i+4 <= len(commonText); i++ {
		m[binary.LittleEndian.Uint32([]byte(commonText[i:i+4]))|caseBits] = true
	}
	for c := range 256 {
		r := uint32(c) * 0x01010101
		m[r|caseBits] = true
	}
	return m
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
		if i >= 3 && common[binary.LittleEndian.Uint32(p[i-3:])|caseBits] {
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
