// Package intel holds threat intelligence: addresses, networks, domains, URLs, file hashes and TLS
// fingerprints that feeds call malicious, and where addresses are (GeoIP).
//
// Load reads feeds of several formats into a DB, which answers in constant time whatever its size and does not
// allocate when a value is not in it. A DB never changes: a reload makes another.
package intel

import (
	"fmt"
	"strings"
)

// Kind is what an indicator is.
type Kind uint8

// The kinds.
const (
	IP     Kind = iota // one address
	Net                // a CIDR
	Domain             // exactly this name
	Suffix             // this name and every name below it
	URL
	Hash // MD5, SHA-1, SHA-256 or SHA-512 of a file or certificate
	JA3  // also JA3S
	JA4
	kinds
)

var kindNames = [kinds]string{"ip", "cidr", "domain", "suffix", "url", "hash", "ja3", "ja4"}

// String gives the name.
func (k Kind) String() string { return kindNames[min(k, kinds-1)] }

// Severity grades an indicator, with the numbers of the engine's alerts.
type Severity uint8

// The severities.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"info", "low", "medium", "high", "critical"}

// ParseSeverity reads a name in any case.
func ParseSeverity(s string) (Severity, error) {
	for i, n := range severityNames {
		if strings.EqualFold(n, s) {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: use %s", s, strings.Join(severityNames, ", "))
}

// String gives the name.
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// Match is what a DB knows of a value.
type Match struct {
	Kind        Kind
	Indicator   string // as the feed has it, normalised: 10.0.0.0/8, .dyndns.org, evil.example/x
	Category    string // c2, phishing, tor_exit...
	Description string
	Feed        string // the file's name, or the name that it gives itself
	Severity    Severity
	Confidence  uint8 // percent, 0 when the feed gives none
	Expires     int64 // seconds since 1970; 0: never
}

// Details are what feeds say of an indicator beside its value.
type Details struct {
	Category, Description, Feed string
	Severity                    Severity
	Confidence                  uint8 // percent; 0: not told
	Expires                     int64 // seconds since 1970; 0: never
}

// Problem is something in a feed that could not be used.
type Problem struct {
	File string
	Line int // 0 when it is not known
	Text string
	// Whole is set when nothing of the file could be used, Left when an entry was left out.
	Whole, Left bool
}

// String is file:line: text.
func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return p.File + ": " + p.Text
}

const (
	// MaxEntries bounds a DB.
	MaxEntries = 20_000_000
	// maxValue is the longest value, bytes.
	maxValue = 4096
	// maxText is how much of a description is kept, bytes.
	maxText = 300
	// maxProblems is how many problems of one file are told.
	maxProblems = 20
)

// DefaultDetails is what holds for an indicator of which a feed says nothing.
var DefaultDetails = Details{Category: "malicious", Severity: Medium}
