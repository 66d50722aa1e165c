package engine

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// storedCerts runs rules on a capture and gives the files that there are afterwards, by their names.
func storedCerts(t *testing.T, rules string, set func(*Config)) (map[string]string, *Engine) {
	t.Helper()
	cfg := withRules(t, rules, nil)
	cfg.TLSStore.Dir = filepath.Join(t.TempDir(), "certificates")
	if set != nil {
		set(&cfg)
	}
	if dir := cfg.TLSStore.Folder(); dir != "" {
		if err := cfg.TLSStore.Prepare(); err != nil {
			t.Fatal(err)
		}
	}
	e, _ := replay(t, cfg, browse)
	return filesBelow(t, cfg.TLSStore.Folder()), e
}

// filesBelow gives the texts of the files in a folder, by name; of none in "".
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	list, _ := filepath.Glob(dir + "/*")
	if dir == "" {
		return files
	}
	for _, name := range list {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

const browse = "../testdata/captures/tls_browse.pcap"

// chainOf reads the certificates of a file.
func chainOf(t *testing.T, text string) (chain []*x509.Certificate) {
	t.Helper()
	for rest := []byte(text); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(after)) == len(rest) {
			t.Fatalf("no PEM: %q", rest)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		chain, rest = append(chain, c), after
	}
	return chain
}

// TestStoredCertificates: what is stored is what the server showed, and the file beside it says whose it is.
func TestStoredCertificates(t *testing.T) {
	const rules = `alert tls any any -> any any (tls.sni; content:"www.corp.example"; tls.store; sid:1;)`
	files, e := storedCerts(t, rules, nil)
	n := 0
	for name, text := range files {
		base, ok := strings.CutSuffix(name, ".pem")
		if !ok {
			continue
		}
		n++
		chain := chainOf(t, text)
		if len(chain) == 0 || chain[0].VerifyHostname("www.corp.example") != nil {
			t.Fatalf("%s: %v", name, chain)
		}
		sum := sha1.Sum(chain[0].Raw)
		print := hex.EncodeToString(sum[:])
		meta := strings.ReplaceAll(files[base+".meta"], ":", "")
		for _, want := range []string{"PROTO             6\n", "DST PORT          443\n", "CN=www.corp.example\n", "TLS FINGERPRINT   " + print + "\n"} {
			if !strings.Contains(meta, want) {
				t.Errorf("%s lacks %q: %s", name, want, meta)
			}
		}
		if strings.HasPrefix(name, "client-") {
			t.Errorf("no client shows a certificate: %s", name)
		}
	}
	if got := counter(e, "tls_store.stored"); n == 0 || len(files) != 2*n || got != uint64(n) {
		t.Errorf("%d chains in %d files, the counter says %d", n, len(files), got)
	}
}

// TestStoredCertificatesAreTheSame for any number of workers, with their names.
func TestStoredCertificatesAreTheSame(t *testing.T) {
	const rules = `alert tls any any -> any any (tls.store; sid:1;)`
	want, _ := storedCerts(t, rules, func(c *Config) { c.Workers = 1 })
	for _, n := range []int{2, 8} {
		got, _ := storedCerts(t, rules, func(c *Config) { c.Workers = n })
		if len(got) != len(want) || len(want) == 0 {
			t.Fatalf("%d files with %d workers, %d with one", len(got), n, len(want))
		}
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%d workers: %s differs", n, name)
			}
		}
	}
}

// TestCertificatesAreStoredOnlyIfAsked: for a rule that matches, with a folder, and within the caps.
func TestCertificatesAreStoredOnlyIfAsked(t *testing.T) {
	const ask = `alert tls any any -> any any (tls.cert_subject; content:"www"; tls.store; sid:1;)`
	for _, c := range []struct {
		name, rules     string
		set             func(*Config)
		stored, cut     uint64
		certificateEach int
	}{
		{"matches", ask, nil, 2, 0, 2},
		{"asks for nothing", strings.Replace(ask, "tls.store; ", "", 1), nil, 0, 0, 0},
		{"does not match", strings.Replace(ask, "www", "nowhere", 1), nil, 0, 0, 0},
		{"no folder", ask, func(c *Config) { c.TLSStore.Dir = "" }, 0, 0, 0},
		{"one certificate", ask, func(c *Config) { c.TLSStore.MaxCerts = 1 }, 2, 2, 1},
		{"no room", ask, func(c *Config) { c.TLSStore.MaxSize = 10 }, 0, 2, 0},
		{"no bound", ask, func(c *Config) { c.TLSStore.MaxCerts, c.TLSStore.MaxSize = 0, 0 }, 2, 0, 2},
		{"nothing waits", ask, func(c *Config) { c.TCP.Inline = true }, 2, 0, 2},
	} {
		files, e := storedCerts(t, c.rules, c.set)
		stored, cut := counter(e, "tls_store.stored"), counter(e, "tls_store.cut")
		if stored != c.stored || cut != c.cut || len(files) != int(2*c.stored) {
			t.Errorf("%s: %d files, %d stored, %d cut; want %d, %d", c.name, len(files), stored, cut, c.stored, c.cut)
		}
		for name, text := range files {
			if strings.HasSuffix(name, ".pem") && c.certificateEach > 0 && len(chainOf(t, text)) != c.certificateEach {
				t.Errorf("%s: %s has not %d", c.name, name, c.certificateEach)
			}
		}
	}
}

// TestCertificatesOfClients are stored for rules on what the client sends, the server's for all, also where the rule matches before they
// are there; once a session.
func TestCertificatesOfClients(t *testing.T) {
	server := testCert(t, 1, "server", day(2005, 1, 2), day(2049, 12, 31))
	client := testCert(t, 2, "client\nPROTO: 0", day(2005, 1, 2), day(2049, 12, 31))
	talk := segments(
		">"+tlsRecord(22, clientHello(0x0303, tlsSNI("oisf.net"))),
		"<"+tlsRecord(22, serverHello(0x0303), tlsCerts(server), tlsMessage(13, "ask"), tlsMessage(14, "")),
		">"+tlsRecord(22, tlsCerts(client), tlsMessage(16, "key")),
		">"+tlsCCS,
		"<"+tlsCCS,
		">"+tlsRecord(23, "application data"),
	)
	for rule, want := range map[string][2]bool{ // the server's, the client's
		`tls.sni; content:"oisf"; tls.store;`:                   {true, true},
		`tls.store;`:                                            {true, true},
		`flow:to_client; tls.store;`:                            {true, false},
		`tls.cert_subject; content:"CN=client"; tls_store;`:     {true, true},
		`tls.cert_subject; content:"CN=server"; tls.store;`:     {true, false},
		`tls.sni; content:"nowhere"; tls.store;`:                {false, false},
		`tls.sni; content:"oisf"; flowbits:noalert; tls.store;`: {true, true},
	} {
		cfg := withRules(t, "alert tcp any any -> any any ("+rule+" sid:1;)\n", nil)
		cfg.TLSStore.Dir = t.TempDir()
		run(t, cfg, talk())
		var got [2]bool
		files := filesBelow(t, cfg.TLSStore.Dir)
		for name, text := range files {
			if !strings.HasSuffix(name, ".pem") {
				continue
			}
			if strings.HasPrefix(name, "client-") {
				got[1] = string(chainOf(t, text)[0].Raw) == client
				if meta := files[strings.TrimSuffix(name, "pem")+"meta"]; !strings.Contains(meta, `CN=client\nPROTO: 0`) || strings.Count(meta, "\n") != 9 {
					t.Errorf("beside it: %s", meta)
				}
			} else {
				got[0] = string(chainOf(t, text)[0].Raw) == server
			}
		}
		n := 0
		for _, yes := range want {
			if yes {
				n += 2
			}
		}
		if got != want || len(files) != n {
			t.Errorf("%s: %v, want %v; %d files", rule, got, want, len(files))
		}
	}
}

// TestCertificatesThatCannotBeStored are counted, and said once.
func TestCertificatesThatCannotBeStored(t *testing.T) {
	cfg, said := withRules(t, `alert tls any any -> any any (tls.store; sid:1;)`, nil), 0
	cfg.TLSStore.Dir = filepath.Join(t.TempDir(), "removed")
	cfg.Warn = func(format string, _ ...any) {
		if strings.Contains(format, "storing certificates") {
			said++
		}
	}
	e, _ := replay(t, cfg, browse)
	if n := counter(e, "tls_store.fs_errors"); n < 2 || said != 1 || counter(e, "tls_store.stored") != 0 {
		t.Errorf("%d failures, said %d times", n, said)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&TLSStore{Dir: filepath.Join(file, "below")}).Prepare(); err == nil {
		t.Error("a folder below a file was made")
	}
}
