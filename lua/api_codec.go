package lua

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"math"
	"strconv"
	"strings"

	"github.com/corazawaf/libinjection-go"
	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect/jsonw"
)

func codecSection() section {
	text := func(name, doc, example string, f func(string) string) decl {
		return decl{name: name, sig: "fun(text: string): string", doc: doc, example: example, call: func(L *glua.LState) int {
			s := L.CheckString(1)
			vmOf(L).meter.charge(len(s) >> 3)
			L.Push(glua.LString(f(s)))
			return 1
		}}
	}
	return section{name: "Encodings and digests", funcs: []decl{
		text("base64_encode", "Base64 (RFC 4648).", `nids.base64_encode("hi") --> "aGk="`, func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		{name: "base64_decode", sig: "fun(text: string): string|nil", call: nidsBase64Decode, doc: "Undoes base64, with or without padding, also with the URL alphabet; nil if it is none.", example: `nids.base64_decode("aGk") --> "hi"`},
		text("hex_encode", "Hexadecimal, lower case.", `nids.hex_encode("\1\255") --> "01ff"`, func(s string) string { return hex.EncodeToString([]byte(s)) }),
		{name: "hex_decode", sig: "fun(text: string): string|nil", call: nidsHexDecode, doc: "Undoes hexadecimal; nil if it is none.", example: `nids.hex_decode("6869") --> "hi"`},
		{name: "json_encode", sig: "fun(value: any): string", call: nidsJSONEncode, doc: "JSON of a value; members in the order of their names. An empty table is {}.", example: `nids.json_encode({ b = 1, a = { true, "x" } }) --> "{\"a\":[true,\"x\"],\"b\":1}"`},
		{name: "json_decode", sig: "fun(text: string): any, string|nil", call: nidsJSONDecode, doc: "The value of a JSON text; nil and what is wrong if it is none.", example: `nids.json_decode("[1, 2]")[2] --> 2`},
		text("md5", "MD5, hexadecimal.", `nids.md5("") --> "d41d8cd98f00b204e9800998ecf8427e"`, func(s string) string { x := md5.Sum([]byte(s)); return hex.EncodeToString(x[:]) }),
		text("sha1", "SHA-1, hexadecimal.", `nids.sha1("a") --> "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"`, func(s string) string { x := sha1.Sum([]byte(s)); return hex.EncodeToString(x[:]) }),
		text("sha256", "SHA-256, hexadecimal.", `#nids.sha256("a") --> 64`, func(s string) string { x := sha256.Sum256([]byte(s)); return hex.EncodeToString(x[:]) }),
		{name: "crc32", sig: "fun(text: string): number", call: func(L *glua.LState) int {
			s := L.CheckString(1)
			vmOf(L).meter.charge(len(s) >> 6)
			return num(L, float64(crc32.ChecksumIEEE([]byte(s))))
		}, doc: "CRC-32 (IEEE).", example: `nids.crc32("a") --> 3904355907`},
		{name: "url_decode", sig: "fun(text: string, times?: number): string", call: nidsURLDecode, doc: "Undoes percent encoding (and + for a space), so many times (1) or until nothing changes. What is no encoding stays.", example: `nids.url_decode("a%2527+b", 2) --> "a' b"`},
	}}
}

// textSection is what looks at texts.
func textSection() section {
	return section{name: "Text and time", funcs: []decl{
		{name: "is_sqli", sig: "fun(text: string): boolean, string", call: nidsSQLi, doc: "Tells whether a text is SQL injection by libinjection, with the fingerprint found.", example: `nids.is_sqli("1' OR '1'='1") --> true`},
		{name: "is_xss", sig: "fun(text: string): boolean", call: nidsXSS, doc: "Tells whether a text is cross-site scripting by libinjection.", example: `nids.is_xss("<script>alert(1)</script>") --> true`},
		{name: "duration", sig: "fun(text: string|number): number", call: func(L *glua.LState) int { return num(L, seconds(checkDuration(L, 1))) }, doc: "Seconds of \"1h30m\"; units ns, us, ms, s, m, h, d, w.", example: `nids.duration("1h30m") --> 5400`},
		{name: "size", sig: "fun(text: string|number): number", call: nidsSize, doc: "Bytes of \"10MiB\"; units B, kB, MB, GB, KiB, MiB, GiB.", example: `nids.size("2KiB") --> 2048`},
		{name: "time_format", sig: "fun(time: number, format?: string): string", call: nidsTimeFormat, doc: "A time, seconds since the epoch, in UTC: RFC 3339, or by a format as of os.date.", example: `nids.time_format(0) --> "1970-01-01T00:00:00.000000Z"`},
		{name: "format_size", sig: "fun(bytes: number): string", call: nidsFormatSize, doc: "A size for people.", example: `nids.format_size(1536) --> "1.5 KiB"`},
	}}
}

func nidsBase64Decode(L *glua.LState) int {
	s := L.CheckString(1)
	vmOf(L).meter.charge(len(s) >> 4)
	t := strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(t)
	if err != nil {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LString(b))
	return 1
}

func nidsHexDecode(L *glua.LState) int {
	s := L.CheckString(1)
	vmOf(L).meter.charge(len(s) >> 4)
	b, err := hex.DecodeString(s)
	if err != nil {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LString(b))
	return 1
}

func nidsJSONEncode(L *glua.LState) int {
	v := vmOf(L)
	x, err := toGo(L.CheckAny(1), 0)
	if err != nil {
		L.RaiseError("json_encode: %s", err.Error())
	}
	b := AppendJSON(nil, x)
	if len(b) > v.limits.StringBytes {
		v.tooLong(L)
	}
	v.meter.charge(len(b) >> 3)
	L.Push(glua.LString(b))
	return 1
}

// AppendJSON writes an evidence value: string, float64, bool, []any, []KV or nil.
func AppendJSON(b []byte, x any) []byte {
	switch x := x.(type) {
	case string:
		return jsonw.AppendString(b, x)
	case float64:
		return appendJSONNumber(b, x)
	case bool:
		return strconv.AppendBool(b, x)
	case []any:
		b = append(b, '[')
		for i, y := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSON(b, y)
		}
		return append(b, ']')
	case []KV:
		b = append(b, '{')
		for i, kv := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(AppendJSON(b, kv.Key), ':')
			b = AppendJSON(b, kv.Value)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendJSONNumber(b []byte, x float64) []byte {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return append(b, "null"...)
	case x == math.Trunc(x) && math.Abs(x) < 1e15:
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'g', -1, 64)
}

func nidsJSONDecode(L *glua.LState) int {
	s := L.CheckString(1)
	vmOf(L).meter.charge(len(s))
	var x any
	if err := json.Unmarshal([]byte(s), &x); err != nil {
		L.Push(glua.LNil)
		L.Push(glua.LString(err.Error()))
		return 2
	}
	L.Push(toLua(x))
	return 1
}

// maxDecode bounds how often an encoding is undone.
const maxDecode = 5

func nidsURLDecode(L *glua.LState) int {
	s, n := L.CheckString(1), min(L.OptInt(2, 1), maxDecode)
	for range n {
		vmOf(L).meter.charge(len(s) >> 2)
		t := urlDecode(s)
		if t == s {
			break
		}
		s = t
	}
	L.Push(glua.LString(s))
	return 1
}

func urlDecode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// maxInjection is how much of a text libinjection looks at.
const maxInjection = 8 << 10

func nidsSQLi(L *glua.LState) int {
	s := L.CheckString(1)
	s = s[:min(len(s), maxInjection)]
	vmOf(L).meter.charge(50 + len(s))
	found, print := libinjection.IsSQLi(s)
	L.Push(glua.LBool(found))
	L.Push(glua.LString(print))
	return 2
}

func nidsXSS(L *glua.LState) int {
	s := L.CheckString(1)
	s = s[:min(len(s), maxInjection)]
	vmOf(L).meter.charge(50 + len(s))
	L.Push(glua.LBool(libinjection.IsXSS(s)))
	return 1
}

func nidsSize(L *glua.LState) int {
	switch x := L.Get(1).(type) {
	case glua.LNumber:
		return num(L, float64(x))
	case glua.LString:
		if n, ok := parseSize(string(x)); ok {
			return num(L, n)
		}
	}
	L.ArgError(1, `a size is wanted: "10MiB", or bytes as a number`)
	return 0
}

func nidsFormatSize(L *glua.LState) int {
	x, unit := float64(L.CheckNumber(1)), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if x < 1024 {
			break
		}
		x, unit = x/1024, u
	}
	L.Push(glua.LString(strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) + " " + unit))
	return 1
}
