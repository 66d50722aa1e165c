package eve

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// DefaultClasses are the classes that rules of the field commonly name, with their usual
// descriptions and priorities.
func DefaultClasses() map[string]Class {
	return map[string]Class{
		"not-suspicious":                 {"Not Suspicious Traffic", 3},
		"unknown":                        {"Unknown Traffic", 3},
		"bad-unknown":                    {"Potentially Bad Traffic", 2},
		"attempted-recon":                {"Attempted Information Leak", 2},
		"successful-recon-limited":       {"Information Leak", 2},
		"successful-recon-largescale":    {"Large Scale Information Leak", 2},
		"attempted-dos":                  {"Attempted Denial of Service", 2},
		"successful-dos":                 {"Denial of Service", 2},
		"attempted-user":                 {"Attempted User Privilege Gain", 1},
		"unsuccessful-user":              {"Unsuccessful User Privilege Gain", 1},
		"successful-user":                {"Successful User Privilege Gain", 1},
		"attempted-admin":                {"Attempted Administrator Privilege Gain", 1},
		"successful-admin":               {"Successful Administrator Privilege Gain", 1},
		"rpc-portmap-decode":             {"Decode of an RPC Query", 2},
		"shellcode-detect":               {"Executable code was detected", 1},
		"string-detect":                  {"A suspicious string was detected", 3},
		"suspicious-filename-detect":     {"A suspicious filename was detected", 2},
		"suspicious-login":               {"An attempted login using a suspicious username was detected", 2},
		"system-call-detect":             {"A system call was detected", 2},
		"tcp-connection":                 {"A TCP connection was detected", 4},
		"trojan-activity":                {"A Network Trojan was detected", 1},
		"unusual-client-port-connection": {"A client was using an unusual port", 2},
		"network-scan":                   {"Detection of a Network Scan", 3},
		"denial-of-service":              {"Detection of a Denial of Service Attack", 2},
		"non-standard-protocol":          {"Detection of a non-standard protocol or event", 2},
		"protocol-command-decode":        {"Generic Protocol Command Decode", 3},
		"web-application-activity":       {"access to a potentially vulnerable web application", 2},
		"web-application-attack":         {"Web Application Attack", 1},
		"misc-activity":                  {"Misc activity", 3},
		"misc-attack":                    {"Misc Attack", 2},
		"icmp-event":                     {"Generic ICMP event", 3},
		"policy-violation":               {"Potential Corporate Privacy Violation", 1},
		"default-login-attempt":          {"Attempt to login by a default username and password", 2},
		"targeted-activity":              {"Targeted Malicious Activity was Detected", 1},
		"exploit-kit":                    {"Exploit Kit Activity Detected", 1},
		"external-ip-check":              {"Device Retrieving External IP Address Detected", 2},
		"domain-c2":                      {"Domain Observed Used for C2 Detected", 1},
		"pup-activity":                   {"Possibly Unwanted Program Detected", 2},
		"credential-theft":               {"Successful Credential Theft Detected", 1},
		"social-engineering":             {"Possible Social Engineering Attempted", 2},
		"coin-mining":                    {"Crypto Currency Mining Activity Detected", 2},
		"command-and-control":            {"Malware Command and Control Activity Detected", 1},
	}
}

// LineError is what is wrong with a line of a file.
type LineError struct {
	File string
	Line int
	What string
}

// Error names the file and the line.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// classLine is a line of a classification.config; commas may be in the description.
var classLine = regexp.MustCompile(`^config\s+classification\s*:\s*([A-Za-z][A-Za-z0-9_-]*)\s*,\s*(.*?)\s*,\s*([^,]+)$`)

// ReadClasses reads a classification.config: lines "config classification: name,description,priority". The error tells
// of the first line that is none.
func ReadClasses(name string, r io.Reader) (map[string]Class, error) {
	classes := map[string]Class{}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		m := classLine.FindStringSubmatch(line)
		if m == nil {
			return nil, &LineError{name, n, fmt.Sprintf("expected «config classification: name,description,priority», found %q", line)}
		}
		prio, err := strconv.Atoi(m[3])
		if err != nil || prio < 1 || prio > 255 {
			return nil, &LineError{name, n, fmt.Sprintf("the priority %q is not a number from 1 to 255", m[3])}
		}
		classes[strings.ToLower(m[1])] = Class{m[2], prio}
	}
	return classes, s.Err()
}
