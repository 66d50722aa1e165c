package suricata

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// bareKeywords are keywords that take no value: what stands there was meant to be something else.
var bareKeywords = []string{"noalert", "alert", "sameip", "rawbytes", "pkt_data", "prefilter", "bypass", "ftpbounce", "nocase", "startswith", "endswith",
	"base64_data", "tls_cert_expired", "tls_cert_valid", "tls.store"}

// bare refuses a value.
func bare(h handler) handler {
	return func(b *builder, v string) *problem {
		if v != "" {
			return fail("takes no value")
		}
		return h(b, v)
	}
}

// stickyValue explains that a sticky buffer has no value.
func stickyValue(name, v string) *problem {
	return fail(`is a sticky buffer, which takes no value: write %s; content:"%s";`, name, short(strings.Trim(v, `"!`)))
}

// short cuts what a message repeats of a rule.
func short(s string) string {
	if len(s) > maxUnknown {
		return s[:maxUnknown] + "..."
	}
	return s
}

// maxReach is the largest distance and within, bytes.
const maxReach = 1 << 20

// placedTwice refuses startswith beside another place, and places too far away.
func placedTwice(lit *ir.Lit) *problem {
	if lit.StartsWith && (lit.Depth != nil || lit.Offset != nil || lit.Distance != nil || lit.Within != nil) {
		return fail("startswith says where the content is: leave depth, offset, distance and within out")
	}
	for _, n := range [...]*ir.Num{lit.Distance, lit.Within} {
		if n != nil && n.Var == "" && (n.N > maxReach || n.N < -maxReach) {
			return fail("%d is more than %d bytes away", n.N, maxReach)
		}
	}
	return nil
}

// twice refuses a modifier that a content has already, or that counts otherwise than one that it has.
func twice(old *ir.Num, others ...*ir.Num) *problem {
	if old != nil {
		return fail("the content has one already")
	}
	for _, n := range others {
		if n != nil {
			return fail("a content's place counts from the start (offset, depth) or from the match before (distance, within), not from both")
		}
	}
	return nil
}

// filestoreOptions are what filestore may say: a direction, and a scope. As in Suricata the direction counts only with a scope beyond the file.
var filestoreOptions = [2]map[string]string{
	{"request": "to_server", "to_server": "to_server", "response": "to_client", "to_client": "to_client", "both": ""},
	{"file": "", "tx": "message", "ssn": "flow", "flow": "flow"},
}

func filestoreOption(v string, out *ir.StoreFile) *problem {
	var read [2]string
	for i, p := range list(v) {
		word, ok := "", false
		if i < len(read) {
			word, ok = filestoreOptions[i][strings.ToLower(p)]
		}
		if !ok {
			return fail("%q is neither a direction (request, response, both) nor, behind it, a scope (file, tx, flow)", p)
		}
		read[i] = word
		if i == 0 {
			read[1] = "message" // what a direction alone is about
		}
	}
	if out.Scope = read[1]; out.Scope != "" {
		out.Side = read[0]
	}
	return nil
}

// recognitionEvents are those of the recognition of protocols, which have no protocol in their name.
var recognitionEvents = []string{"applayer_mismatch_protocol_both_directions", "applayer_wrong_direction_first_data", "applayer_detect_protocol_only_one_direction",
	"applayer_proto_detection_skipped", "applayer_no_tls_after_starttls", "applayer_unexpected_protocol"}

// eventName finds an event by the name that a rule gives it, with the prefix of its kind.
func (l *loader) eventName(prefix, name string) (string, *problem) {
	switch prefix {
	case "decoder.":
		if _, ok := packet.EventByName(name); !ok {
			return "", fail("there is no event %s%s", short(name), didYouMean(name, decoderEvents()))
		}
	case "stream.":
		if l.opt.StreamEvents == nil {
			break
		}
		known, ok := l.opt.StreamEvents[name]
		if !ok {
			return "", fail("there is no event %s%s", short(name), didYouMean(name, slices.Sorted(maps.Keys(l.opt.StreamEvents))))
		}
		name = known
	case "":
		if !slices.Contains(recognitionEvents, name) {
			return "", fail("there is no event %s%s", short(name), didYouMean(name, recognitionEvents))
		}
	}
	return prefix + name, nil
}

func decoderEvents() (names []string) {
	for e := packet.EvNone + 1; e < packet.NumEvents; e++ {
		names = append(names, strings.TrimPrefix(e.Name(), "decoder."))
	}
	return names
}

// quoted tells what is wrong with a text that does not stand between quotes.
func quoted(v string) *problem {
	if v == "" || v[0] != '"' {
		return fail("the text must stand in quotes")
	}
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			if i == len(v)-1 {
				return nil
			}
			if next := strings.TrimLeft(v[i+1:], " \t"); nextOption.MatchString(next) {
				return fail("a semicolon is missing behind %s", short(v[:i+1]))
			}
			return fail(`a quote within the text is written \", or one is missing: the text must stand between two`)
		}
	}
	return fail("a quote is missing: the text must stand between two")
}

// nextOption is how an option begins.
var nextOption = regexp.MustCompile(`^[a-z_.]+[ \t]*(:|$)`)
