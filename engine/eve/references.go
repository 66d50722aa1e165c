package eve

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// DefaultReferences are where the references of Suricata's default reference.config lead to, by kind in lower case.
func DefaultReferences() map[string]string {
	return map[string]string{
		"bugtraq":         "http://www.securityfocus.com/bid/",
		"bid":             "http://www.securityfocus.com/bid/",
		"cve":             "https://cve.mitre.org/cgi-bin/cvename.cgi?name=",
		"secunia":         "http://www.secunia.com/advisories/",
		"arachnids":       "http://www.whitehats.com/info/IDS",
		"mcafee":          "http://vil.nai.com/vil/content/v_",
		"nessus":          "http://cgi.nessus.org/plugins/dump.php3?id=",
		"url":             "https://",
		"et":              "http://doc.emergingthreats.net/",
		"etpro":           "http://doc.emergingthreatspro.com/",
		"telus":           "http://",
		"osvdb":           "http://osvdb.org/show/osvdb/",
		"threatexpert":    "http://www.threatexpert.com/report.aspx?md5=",
		"md5":             "http://www.threatexpert.com/report.aspx?md5=",
		"exploitdb":       "http://www.exploit-db.com/exploits/",
		"openpacket":      "https://www.openpacket.org/capture/grab/",
		"securitytracker": "http://securitytracker.com/id?",
		"xforce":          "http://xforce.iss.net/xforce/xfdb/",
		"msft":            "http://technet.microsoft.com/security/bulletin/",
	}
}

// ReadReferences reads a reference.config: lines "config reference: kind prefix". The error tells of the first line that is none.
func ReadReferences(name string, r io.Reader) (map[string]string, error) {
	refs := map[string]string{}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		rest, ok := strings.CutPrefix(line, "config reference:")
		f := strings.Fields(rest)
		if !ok || len(f) != 2 {
			return nil, &LineError{name, n, fmt.Sprintf("expected «config reference: kind prefix», found %q", line)}
		}
		refs[strings.ToLower(f[0])] = f[1]
	}
	return refs, s.Err()
}
