package ruleset

import "fmt"

// suricata reads a file of rules in Suricata's syntax.
func (l *loader) suricata(path string) error {
	return fmt.Errorf("rules: %s: rules in Suricata's syntax are not there yet", path)
}
