package http

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// config is what of the settings the parser uses, in the form that it uses.
type config struct {
	uri        decoder
	fieldLimit int
	maxHeaders int
	maxTx      int
	layers     int
	bombLimit  uint64
	limits     [2]int64 // of bodies, by direction; 0: none
	keep       [2]int   // bytes of bodies that are kept
}

// keepUnlimited is what is kept of a body for inspection when its limit is switched off.
const keepUnlimited = 1 << 20

// settingsPrefix is where Suricata has the URI settings, below app-layer.protocols.
const settingsPrefix = "http.libhtp.default-config."

func loadConfig(l *dissect.Limits) config {
	h := &l.HTTP
	c := config{
		uri: defaultDecoder, fieldLimit: max(h.FieldLimit, 256), maxHeaders: max(h.MaxHeaders, 1), maxTx: h.MaxTx,
		layers: h.DecompressLayers, bombLimit: uint64(max(h.BombLimit, 1)),
		limits: [2]int64{int64(h.RequestBodyLimit), int64(h.ResponseBodyLimit)},
	}
	for d, n := range c.limits {
		c.keep[d] = int(n)
		if n == 0 {
			c.keep[d] = keepUnlimited
		}
		if !l.KeepBodies {
			c.keep[d] = 0
		}
	}
	c.uri.doublePath, c.uri.doubleQuery = h.DoubleDecodePath, h.DoubleDecodeQuery
	if len(l.Settings) > 0 {
		c.uri.settings(l.Settings)
	}
	return c
}

// settings applies the settings of the URI decoder. Unknown values change nothing.
func (d *decoder) settings(set map[string]string) {
	d.personality(set[settingsPrefix+"personality"])
	flag := func(name string, to *bool) {
		if v, ok := set[settingsPrefix+name]; ok {
			*to = v == "yes" || v == "true" || v == "1" || v == "on"
		}
	}
	flag("double-decode-path", &d.doublePath)
	flag("double-decode-query", &d.doubleQuery)
	flag("query-plusspace-decode", &d.plusSpace)
	flag("uri-include-all", &d.includeAll)
	flag("path-convert-backslash-slashes", &d.backslash)
	flag("path-convert-lowercase", &d.lowercase)
	flag("path-convert-utf8", &d.bestFit)
	flag("path-nul-encoded-terminates", &d.nulEncEnds)
	flag("path-nul-raw-terminates", &d.nulRawEnds)
	flag("path-separators-compress", &d.sepCompress)
	flag("path-separators-decode", &d.sepDecode)
	flag("path-u-encoding-decode", &d.uEncoding)
	flag("allow-space-uri", &d.allowSpace)
	switch strings.ToLower(set[settingsPrefix+"path-url-encoding-invalid-handling"]) {
	case "preserve_percent":
		d.invalid = preservePercent
	case "remove_percent":
		d.invalid = removePercent
	case "decode_invalid":
		d.invalid = processInvalid
	}
	if v, err := strconv.ParseUint(set[settingsPrefix+"path-bestfit-replacement-char"], 0, 8); err == nil {
		d.replacement = byte(v)
	}
}

// personality sets what a kind of server does with URIs (libhtp's personalities).
func (d *decoder) personality(name string) {
	switch strings.ToLower(name) {
	case "minimal":
		d.backslash, d.sepDecode, d.sepCompress, d.bestFit, d.uEncoding = false, false, false, false, false
	case "generic", "iis_5_1":
		d.backslash, d.sepDecode, d.sepCompress, d.bestFit, d.uEncoding = true, true, true, false, false
	case "iis_6_0", "iis_7_0", "iis_7_5":
		d.backslash, d.sepDecode, d.sepCompress, d.bestFit, d.uEncoding = true, true, true, false, true
	case "apache_2", "apache_2_2", "apache":
		d.backslash, d.sepDecode, d.sepCompress, d.bestFit, d.uEncoding = false, false, true, false, false
	}
}
