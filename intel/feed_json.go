package intel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// json reads a MISP export or a STIX bundle, told apart by their members.
func (f *feed) json(data []byte) error {
	var top struct {
		Type     string          `json:"type"`
		Objects  json.RawMessage `json:"objects"`
		Response json.RawMessage `json:"response"`
		Event    json.RawMessage `json:"Event"`
		Attr     json.RawMessage `json:"Attribute"`
	}
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if trimmed[0] == '[' {
		f.format = "misp"
		return f.mispList(trimmed)
	}
	if err := json.Unmarshal(data, &top); err != nil {
		return jsonError(data, err)
	}
	switch {
	case top.Type == "bundle":
		f.format = "stix"
		return f.stix(top.Objects)
	case top.Response != nil:
		f.format = "misp"
		return f.mispList(top.Response)
	case top.Event != nil || top.Attr != nil:
		f.format = "misp"
		return f.mispList(append(append([]byte("["), data...), ']'))
	}
	return errors.New("it is neither a MISP export (Event, response, Attribute) nor a STIX 2.1 bundle")
}

// jsonError says on which line the text is not JSON.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := min(int(syntax.Offset), len(data))
		return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:at], []byte("\n")), err)
	}
	return err
}

type mispAttribute struct {
	Type     string          `json:"type"`
	Category string          `json:"category"`
	Value    string          `json:"value"`
	Comment  string          `json:"comment"`
	ToIDS    json.RawMessage `json:"to_ids"`
	Deleted  json.RawMessage `json:"deleted"`
	Tag      []mispTag       `json:"Tag"`
	Event    *mispEvent      `json:"Event"`
}

type mispTag struct {
	Name string `json:"name"`
}

type mispEvent struct {
	Info        string          `json:"info"`
	ThreatLevel json.RawMessage `json:"threat_level_id"`
	Attribute   []mispAttribute `json:"Attribute"`
	Object      []struct {
		Name      string          `json:"name"`
		Attribute []mispAttribute `json:"Attribute"`
	} `json:"Object"`
	Tag []mispTag `json:"Tag"`
}

type mispItem struct {
	Event     *mispEvent      `json:"Event"`
	Attribute []mispAttribute `json:"Attribute"`
}

// mispList reads what MISP exports: a list of events, or an object with attributes or an event.
func (f *feed) mispList(data []byte) error {
	var items []mispItem
	if data = bytes.TrimLeft(data, " \t\r\n"); len(data) > 0 && data[0] == '{' {
		data = append(append([]byte("["), data...), ']')
	}
	if err := json.Unmarshal(data, &items); err != nil {
		return jsonError(data, err)
	}
	for _, it := range items {
		f.mispAttributes(it.Attribute, nil)
		if it.Event != nil {
			f.mispAttributes(it.Event.Attribute, it.Event)
			for _, o := range it.Event.Object {
				f.mispAttributes(o.Attribute, it.Event)
			}
		}
	}
	return nil
}

// mispAttributes takes those attributes that MISP says are for detection (to_ids).
func (f *feed) mispAttributes(list []mispAttribute, event *mispEvent) {
	for i := range list {
		a := &list[i]
		if truth(a.Deleted) || a.ToIDS != nil && !truth(a.ToIDS) {
			continue
		}
		value, h, ok := mispValue(a.Type, a.Value)
		if !ok {
			continue // a mail subject, a registry key...: nothing that the wire shows
		}
		if a.Event != nil {
			event = a.Event
		}
		f.add(0, value, h, f.mispDetails(a, event))
	}
}

func (f *feed) mispDetails(a *mispAttribute, event *mispEvent) Details {
	d := f.defaults
	tags := a.Tag
	d.Description = a.Comment
	if event != nil {
		tags = append(tags, event.Tag...)
		if d.Description == "" {
			d.Description = event.Info
		}
		switch string(bytes.Trim(event.ThreatLevel, `"`)) {
		case "1":
			d.Severity = High
		case "2":
			d.Severity = Medium
		case "3":
			d.Severity = Low
		}
	}
	for _, t := range tags {
		n := strings.ToLower(t.Name)
		for _, c := range [][2]string{{"c2", "c2"}, {"command-and-control", "c2"}, {"phish", "phishing"}, {"ransomware", "ransomware"}, {"botnet", "botnet"}, {"tor", "tor"}} {
			if containsWord(n, c[0]) {
				d.Category = c[1]
				return d
			}
		}
	}
	if a.Category == "Payload delivery" {
		d.Category = "malware"
	}
	return d
}

// containsWord tells whether w stands in s at the beginning of a word.
func containsWord(s, w string) bool {
	for at := 0; ; {
		i := strings.Index(s[at:], w)
		if i < 0 {
			return false
		}
		i += at
		before := i == 0 || strings.IndexByte(` :="-_.`, s[i-1]) >= 0
		after := i+len(w) == len(s) || len(w) > 3 || strings.IndexByte(` :="-_.`, s[i+len(w)]) >= 0
		if before && after {
			return true
		}
		at = i + 1
	}
}

func truth(b json.RawMessage) bool {
	s := string(bytes.Trim(b, `"`))
	return s == "true" || s == "1"
}

// mispValue gives the value and kind of an attribute type; of composite types the part that the
// wire shows.
func mispValue(kind, value string) (string, hint, bool) {
	first, second, _ := strings.Cut(value, "|")
	switch kind {
	case "ip-src", "ip-dst", "ip-src|port", "ip-dst|port":
		return first, hintIP, true
	case "domain", "hostname", "domain|ip", "hostname|port":
		return first, hintDomain, true
	case "url", "uri":
		return value, hintURL, strings.Contains(value, "/")
	case "md5", "sha1", "sha256", "sha512", "x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256":
		return value, hintHash, true
	case "filename|md5", "filename|sha1", "filename|sha256", "filename|sha512":
		return second, hintHash, true
	case "ja3-fingerprint-md5":
		return value, hintJA3, true
	case "ja4-plus", "ja4-fingerprint":
		return value, hintJA4, true
	}
	return "", hintAny, false
}

type stixObject struct {
	Type        string   `json:"type"`
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Pattern     string   `json:"pattern"`
	PatternType string   `json:"pattern_type"`
	ValidUntil  string   `json:"valid_until"`
	Types       []string `json:"indicator_types"`
	Labels      []string `json:"labels"`
	Revoked     bool     `json:"revoked"`
	Confidence  *int     `json:"confidence"`
}

// stix reads the indicators of a bundle (STIX 2.1 section 4.7); other objects are left.
func (f *feed) stix(data []byte) error {
	var list []stixObject
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	for i := range list {
		o := &list[i]
		if o.Type != "indicator" || o.Revoked || o.PatternType != "stix" && o.PatternType != "" {
			continue
		}
		values, err := stixPattern(o.Pattern)
		if err != nil {
			f.problem(0, "%s: %v", o.ID, err)
			continue
		}
		d, err := f.stixDetails(o)
		if err != nil {
			f.remark(0, "%s: %v", o.ID, err)
		}
		for _, v := range values {
			f.add(0, v.value, v.hint, d)
		}
	}
	return nil
}

func (f *feed) stixDetails(o *stixObject) (d Details, err error) {
	d = f.defaults
	d.Description = o.Name
	if d.Description == "" {
		d.Description = o.Description
	}
	if types := append(o.Types, o.Labels...); len(types) > 0 {
		d.Category = types[0]
	}
	if o.Confidence != nil {
		d.Confidence = uint8(min(max(*o.Confidence, 0), 100))
		// section 3.2's scale: none, low, medium, high
		switch c := *o.Confidence; {
		case c >= 70:
			d.Severity = High
		case c < 30:
			d.Severity = Low
		}
	}
	if o.ValidUntil != "" {
		t, e := moment(o.ValidUntil)
		if e != nil {
			return d, fmt.Errorf("valid_until: %w", e)
		}
		d.Expires = t.Unix()
	}
	return d, nil
}
