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

// filestoreOptions are what filestore may say; the file that the rule matched is stored, whatever they are.
var filestoreOptions = [2][]string{{"request", "to_server", "response", "to_client", "both"}, {"file", "tx", "ssn", "flow"}}

func filestoreOption(v string) *problem {
	for i, p := range list(v) {
		if i >= len(filestoreOptions) || !slices.Contains(filestoreOptions[i], strings.ToLower(p)) {
			return fail("%q is neither a direction (request, response, both) nor, behind it, a scope (file, tx, flow)", p)
		}
	}
	return nil
}

// recognitionEvents are those of the recognition of protocols, which have no protocol in their name; true for those that are raised here.
var recognitionEvents = map[string]bool{"applayer_mismatch_protocol_both_directions": true, "applayer_wrong_direction_first_data": false,
	"applayer_detect_protocol_only_one_direction": false, "applayer_proto_detection_skipped": false, "applayer_no_tls_after_starttls": false,
	"applayer_unexpected_protocol": false}

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
		raised, ok := recognitionEvents[name]
		if !ok {
			return "", fail("there is no event %s%s", short(name), didYouMean(name, slices.Sorted(maps.Keys(recognitionEvents))))
		}
		if !raised {
			return "", fail("the event %s is not raised here: the rule would never match", name)
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
