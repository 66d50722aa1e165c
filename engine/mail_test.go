package engine

import (
	"strings"
	"testing"
)

// TestMailOverPOP3 wants mails that are fetched to be read as those that are sent: their fields beside those of POP3 in one rule, their
// attachments as files. Suricata's keywords on mails are about SMTP.
func TestMailOverPOP3(t *testing.T) {
	const file = "../testdata/captures/pop3_mailbox.pcap"
	cfg := DefaultConfig()
	cfg.Workers = 1
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Program = compiled(t, schema, `rule fetched "fetched" {
  when pop3.command == "RETR" and email.subject.text contains "report" and email.attachment.count > 0
}
rule pdf "pdf" {
  when pop3.command == "RETR" and email.from contains "bob" and file.name endswith ".pdf"
}`)
	allRecords(&cfg)
	_, eve := replay(t, cfg, file)
	count := map[string]int{}
	for line := range strings.Lines(eve) {
		for _, what := range []string{`"signature":"fetched"`, `"signature":"pdf"`} {
			if strings.Contains(line, what) && strings.Contains(line, `"pop3":{"request":{"command":"RETR"`) && strings.Contains(line, `"email":{"status":"PARSE_DONE","from":"Bob`) {
				count[what]++
			}
		}
		if strings.Contains(line, `"event_type":"fileinfo"`) && strings.Contains(line, `"app_proto":"pop3"`) && !strings.Contains(line, `"tx_id":0`) {
			count["files"]++
		}
	}
	if count[`"signature":"fetched"`] != 2 || count[`"signature":"pdf"`] != 2 || count["files"] != 6 {
		t.Errorf("found %v", count)
	}
	_, eve = replay(t, withRules(t, `alert tcp any any -> any any (email.subject; content:"report"; nocase; sid:1;)`, nil), file)
	if strings.Contains(eve, `"signature_id":1,`) {
		t.Error("a keyword on mails of SMTP sees those of POP3")
	}
}
