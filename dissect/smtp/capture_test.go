package smtp

import (
	"encoding/hex"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const captures = "../../testdata/captures"

func capture(t *testing.T, name string, fields ...string) []*replay.Flow {
	t.Helper()
	flows, err := replay.File(filepath.Join(captures, name), Spec, replay.Options{Setup: func(r *dissecttest.Recorder) {
		r.Fields = append([]string{}, fields...)
		r.Ctx.Limits.HashSHA256 = true
	}})
	if err != nil {
		t.Fatal(err)
	}
	return flows
}

// TestMailCapture reads mails of swaks and curl to postfix. The digests are those of the files
// that testdata/make sends.
func TestMailCapture(t *testing.T) {
	const (
		pdf = " f4c03aa6f37797e27e7540acde04a5d624ef586b7ea5ee5581949fbc89eeddb5"
		png = " 2153fd64dabcb8ba74e2f54c80bc9fa94bc7220ba7c2a8b92fe32e5d92fc9d7b"
		csv = " bf5998ad57aca4e87c9560690798e0f30df3e36f887d03a16c165d07b8b326c8"
	)
	flows := capture(t, "smtp_mail.pcap", "smtp.mail_from", "smtp.rcpt_to", "email.subject.text", "email.link", "smtp.reply.code")
	report := []string{"Quarterly report 2024.pdf" + pdf, "größe.png" + png}
	want := []struct {
		tx    string
		files []string
	}{
		{`smtp.tx to_server email.link=["http://menu.partner.example/today"] email.subject.text="Lunch" smtp.mail_from="<bob@partner.example>" smtp.rcpt_to=["<alice@corp.example>"]`, nil},
		{`email.subject.text="Quarterly report – für Alice" smtp.mail_from="<bob@partner.example>" smtp.rcpt_to=["<alice@corp.example>" "<carol@corp.example>" "<dave@corp.example>"]`, report},
		{`email.subject.text="Fwd: Quarterly report"`, append(append([]string{}, report...), "original.eml *", "table.csv"+csv)},
		{`smtp.reply to_client smtp.mail_from="<bob@partner.example>" smtp.rcpt_to=["<eve@elsewhere.example>"] smtp.reply.code=554`, nil},
		{`smtp.tx to_server email.subject.text="Undelivered Mail Returned to Sender" smtp.mail_from="<>" smtp.rcpt_to=["<alice@corp.example>"]`, nil},
		{`smtp.tx to_server smtp.mail_from="<bob@partner.example>"`, nil},
		{`https://secure.corp.example/login`, report},
	}
	if len(flows) != len(want) {
		t.Fatalf("%d flows, want %d", len(flows), len(want))
	}
	for i, f := range flows {
		if !strings.Contains(f.Text(), want[i].tx) {
			t.Errorf("flow %d: no %s in\n%s", i, want[i].tx, f.Text())
		}
		var files []string
		for j := range f.Files {
			sum := " " + hex.EncodeToString(f.Files[j].SHA256)
			if string(f.Files[j].Name) == "original.eml" {
				sum = " *" // its headers differ from recording to recording
			}
			files = append(files, string(f.Files[j].Name)+sum)
		}
		if !reflect.DeepEqual(files, want[i].files) {
			t.Errorf("flow %d: files %q, want %q", i, files, want[i].files)
		}
		if strings.Contains(f.Text(), "anomaly") {
			t.Errorf("flow %d: an anomaly in\n%s", i, f.Text())
		}
	}
}

func TestEicarCapture(t *testing.T) {
	flows := capture(t, "eicar_smtp.pcap")
	if len(flows) != 2 {
		t.Fatalf("%d flows, want 2", len(flows))
	}
	const eicar = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
	if f := flows[0].Files[0]; hex.EncodeToString(f.SHA256) != eicar || string(f.Name) != "eicar.com" || f.Size != 68 {
		t.Errorf("got %s %d %x", f.Name, f.Size, f.SHA256)
	}
	if f := flows[1].Files[0]; string(f.Name) != "eicar.zip" || string(f.Head[:2]) != "PK" {
		t.Errorf("got %s %q", f.Name, f.Head)
	}
}

func TestStartTLSCapture(t *testing.T) {
	flows := capture(t, "smtp_starttls.pcap")
	if len(flows) != 4 {
		t.Fatalf("%d flows, want 4", len(flows))
	}
	for i, f := range flows {
		if f.Upgraded != "tls" || len(f.Records) != 1 || strings.Contains(f.Records[0], "email") {
			t.Errorf("flow %d: upgraded to %q, records %s", i, f.Upgraded, f.Records)
		}
	}
}
