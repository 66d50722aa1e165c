package imap

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// step is what one side sends; a number of missing bytes for no text.
type step struct {
	dir  dissect.Dir
	text string
	gap  int
}

func play(slow bool, steps ...step) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	for _, s := range steps {
		switch {
		case s.gap > 0:
			r.Gap(s.dir, s.gap)
		case slow:
			r.Trickle(s.dir, s.text)
		default:
			r.Data(s.dir, s.text)
		}
	}
	return r
}

func c(text string) step { return step{dir: toServer, text: text} }
func s(text string) step { return step{dir: toClient, text: text} }

// TestLiterals: where literals begin and end is what both sides take it for.
func TestLiterals(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []step
		want  string // commands, with their arguments
	}{
		{"literals are part of the arguments", []step{s("* OK x\r\n"), c("a LOGIN {4}\r\n"), s("+ \r\n"), c("root {6+}\r\nsecret\r\n"), s("a OK\r\n")}, "LOGIN root secret\n"},
		{"a literal that is refused", []step{s("* OK x\r\n"), c("a APPEND x {99999999}\r\n"), s("a NO too large\r\n"), c("b LOGIN ann x\r\n")}, "APPEND x \nLOGIN ann x\n"},
		{"a literal that is refused, the client does not wait", []step{s("* OK x\r\n"), c("a APPEND x {99999999}\r\nb LOGIN ann x\r\n"), s("a BAD no\r\n"), c("c NOOP\r\n")}, "APPEND x \nLOGIN ann x\nNOOP \n"},
		{"a literal that needs no leave", []step{s("* OK x\r\n"), c("a LOGIN {3+}\r\nann x\r\nb NOOP\r\n")}, "LOGIN ann x\nNOOP \n"},
		{"one side only", []step{c("a LOGIN {3}\r\nann x\r\nb NOOP\r\n")}, "LOGIN ann x\nNOOP \n"},
		{"behind a long line", []step{s("* OK x\r\n"), c("a SEARCH " + strings.Repeat("x", 5000) + " {12+}\r\nb NOOP\r\nx y z\r\nd NOOP\r\n")}, "SEARCH " + strings.Repeat("x", 4087) + "\nNOOP \n"},
		{"the leave was lost", []step{s("* OK x\r\n"), c("a LOGIN {3}\r\n"), {toClient, "", 4}, c("ann x\r\nb NOOP\r\n")}, "LOGIN ann x\nNOOP \n"},
		{"missing bytes within", []step{s("* OK x\r\n"), c("a APPEND x {40+}\r\nabc"), {toServer, "", 37}, c("\r\nb NOOP\r\n")}, "APPEND x abc\nNOOP \n"},
		{"missing bytes beyond", []step{s("* OK x\r\n"), c("a APPEND x {40+}\r\nabc"), {toServer, "", 60}, c("def\r\nb NOOP\r\n")}, "APPEND x abc\nNOOP \n"},
		{"the end within", []step{c("a LOGIN {4+}\r\nro")}, "LOGIN ro\n"},
		{"whole commands behind missing bytes", []step{s("* OK x\r\n"), {toServer, "", 10}, c("a LOGIN ann x\r\n"), {toServer, "", 10}, c("of a name\r\nb NOOP\r\n")}, "LOGIN ann x\nNOOP \n"},
	} {
		for _, slow := range []bool{false, true} {
			r := play(slow, tt.steps...)
			var got strings.Builder
			r.End(dissect.EndFIN)
			for _, l := range r.Lines {
				if !strings.HasPrefix(l, "imap.command ") {
					continue
				}
				_, args, _ := strings.Cut(l, `imap.arguments="`)
				args, _, _ = strings.Cut(args, `"`)
				_, name, _ := strings.Cut(l, `imap.command="`)
				name, _, _ = strings.Cut(name, `"`)
				got.WriteString(name + " " + args + "\n")
			}
			if got.String() != tt.want {
				t.Errorf("%s, slow %v: got\n%.3000s\nwant\n%.200s", tt.name, slow, strings.Join(r.Lines, "\n"), tt.want)
			}
		}
	}
}

// TestServerLiterals: mails that a server sends are no lines, and what its status lines say is no literal.
func TestServerLiterals(t *testing.T) {
	const mail = "Subject: x\r\n\r\n* BYE forged\r\n"
	for _, slow := range []bool{false, true} {
		r := play(slow, s("* OK see {99}\r\n"), c("a FETCH 1 ALL\r\n"),
			s("* 1 FETCH (ENVELOPE ("+strings.Repeat("x", 9000)+") BODY[] {28}\r\n"+mail+")\r\n* 1 FETCH (X {4}\r\nabcd Y {3}\r\nefg)\r\na OK done\r\n"))
		r.End(dissect.EndFIN)
		got := strings.Join(r.Lines, "\n")
		if strings.Contains(got, "forged") || !strings.Contains(got, `status="OK" imap.response.tag="a"`) || strings.Count(got, "imap.response ") != 4 {
			t.Errorf("slow %v: got\n%.1000s", slow, got)
		}
	}
}

// TestTLS: what follows STARTTLS is TLS, asked for twice or answered by a response that was lost.
func TestTLS(t *testing.T) {
	for name, steps := range map[string][]step{
		"twice":    {s("* OK x\r\n"), c("a STARTTLS\r\nb STARTTLS\r\n"), s("a OK go\r\n")},
		"lost":     {s("* OK x\r\n"), c("a STARTTLS\r\n"), {toClient, "", 9}, c("\x16\x03\x01")},
		"not seen": {s("* OK x\r\n"), c("a STARTTLS\r\n"), c("\x16\x03\x01")},
	} {
		if r := play(false, steps...); r.Upgraded != "tls" {
			t.Errorf("%s: upgraded to %q", name, r.Upgraded)
		}
	}
	if r := play(false, s("* OK x\r\n"), c("\x16\x03\x01")); r.Upgraded != "" {
		t.Errorf("without STARTTLS: upgraded to %q", r.Upgraded)
	}
}

// TestCompress: what is compressed has no lines (RFC 4978).
func TestCompress(t *testing.T) {
	r := play(false, s("* OK x\r\n"), c("a COMPRESS DEFLATE\r\n"), s("a OK go\r\n* NO garbage\r\n"), c("b LOGIN a b\r\n"))
	if got := r.End(dissect.EndFIN); strings.Contains(got, "LOGIN") || strings.Contains(got, "garbage") {
		t.Errorf("got\n%s", got)
	}
	r = play(false, s("* OK x\r\n"), c("a COMPRESS DEFLATE\r\n"), s("a NO\r\n"), c("b LOGIN a b\r\n"))
	if got := r.End(dissect.EndFIN); !strings.Contains(got, "LOGIN") {
		t.Errorf("got\n%s", got)
	}
}

// TestLargeArguments: of large literals the beginning is kept, and it is counted.
func TestLargeArguments(t *testing.T) {
	r := play(false, s("* OK x\r\n"), c("a APPEND x {100000+}\r\n"+strings.Repeat("x", 100000)+"\r\n"))
	if got := r.End(dissect.EndFIN); strings.Count(got, "x") > maxArguments+20 || r.Capped["arguments"] != 1 {
		t.Errorf("counted %v, %d bytes", r.Capped, len(got))
	}
}
