package engine

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
)

// download makes an exchange whose answer has body, in one segment.
func download(body string) func() capture.Source {
	return segments(">GET /f.txt HTTP/1.1\r\nHost: x\r\n\r\n", fmt.Sprintf("<HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

// storing runs a rule with filestore and gives the names of what is stored, without their folders, and EVE's fileinfo record.
func storing(t *testing.T, dir, rule, body string, set func(*Config)) (names []string, record string) {
	t.Helper()
	cfg := withRules(t, "alert http any any -> any any ("+rule+" sid:1;)", nil)
	cfg.CheckChecksums, cfg.FileStore.Dir = false, dir
	if set != nil {
		set(&cfg)
	}
	if err := cfg.FileStore.Prepare(); err != nil {
		t.Fatal(err)
	}
	_, eve := run(t, cfg, download(body)())
	for line := range strings.Lines(eve) {
		if strings.Contains(line, `"event_type":"fileinfo"`) {
			record += line
		}
	}
	list, _ := filepath.Glob(filepath.Join(dir, "??", "*"))
	for _, l := range list {
		names = append(names, filepath.Base(l))
	}
	return names, record
}

// TestStoredByRules: a rule stores the file that it is about, also where one packet brings all of it.
func TestStoredByRules(t *testing.T) {
	for rule, want := range map[string]bool{
		`file.data; content:"abc"; filestore;`:                              true,
		`http.response_body; content:"abc"; filestore;`:                     true,
		`flow:to_client; file.data; content:"abc"; filestore;`:              true,
		`file.data; content:"zzz"; filestore;`:                              false,
		`file.data; content:!"zzz"; filestore;`:                             true,
		`file.data; bsize:4; filestore;`:                                    true,
		`file.data; content:"c1"; endswith; filestore;`:                     true,
		`file.data; content:"abc"; filesize:4; filestore;`:                  true,
		`file.data; content:"abc"; filesize:>4; filestore;`:                 false,
		`http.stat_code; content:"200"; file.data; content:"b"; filestore;`: true,
		`http.stat_code; content:"200"; filestore;`:                         true,
		`http.stat_code; content:"200"; filestore:response;`:                true,
		`http.stat_code; content:"200"; filestore:request,tx;`:              false,
		`http.stat_code; content:"200"; filestore:both,flow;`:               true,
		`file.name; content:"f.txt"; filestore;`:                            true,
		`fileext:"txt"; filestore;`:                                         true,
		`filemagic:"ASCII text"; filestore;`:                                true,
		`file.data; content:"abc";`:                                         false,
	} {
		names, record := storing(t, t.TempDir(), rule, "abc1", nil)
		if stored := len(names) == 1; stored != want || strings.Contains(record, `"stored":true,"file_id":`) != want {
			t.Errorf("%s: %v\n%s", rule, names, record)
		}
	}
}

// TestRecordsOfStoredFiles: with write-fileinfo a file's record lies beside it, as EVE has it; a file that is stored again has its time set.
func TestRecordsOfStoredFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(c *Config) { c.FileStore.WriteInfo = true }
	names, record := storing(t, dir, `file.data; content:"abc"; filestore;`, "abc1", write)
	sum := sha256.Sum256([]byte("abc1"))
	name := hex.EncodeToString(sum[:])
	if len(names) != 2 || names[0] != name || !strings.HasPrefix(names[1], name+".") {
		t.Fatalf("stored %q", names)
	}
	beside, err := os.ReadFile(filepath.Join(dir, name[:2], names[1]))
	_, got, _ := strings.Cut(string(beside), `"http":{`)
	if _, want, _ := strings.Cut(record, `"http":{`); err != nil || got != want {
		t.Errorf("%v\nbeside the file %s\nof EVE          %s", err, got, want)
	}
	var r struct {
		Time string `json:"timestamp"`
		File struct {
			ID uint32 `json:"file_id"`
		} `json:"fileinfo"`
	}
	if err := json.Unmarshal(beside, &r); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse("2006-01-02T15:04:05.000000-0700", r.Time)
	if want := fmt.Sprintf("%s.%d.%d.json", name, at.Unix(), r.File.ID); err != nil || names[1] != want {
		t.Errorf("%v: the record is %s, want %s", err, names[1], want)
	}
	file, old := filepath.Join(dir, name[:2], name), time.Unix(1e9, 0)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	withoutEVE := func(c *Config) { write(c); c.EVE = nil }
	if again, _ := storing(t, dir, `file.data; content:"abc"; filestore;`, "abc1", withoutEVE); len(again) != 2 {
		t.Errorf("stored again: %q", again)
	}
	if info, err := os.Stat(file); err != nil || info.ModTime().Equal(old) {
		t.Errorf("the time was not set: %v", err)
	}
}

// TestDepthOfStoredFiles: streams with files have a depth of their own, where it is more.
func TestDepthOfStoredFiles(t *testing.T) {
	body := "abc" + strings.Repeat("q", 5000)
	for _, c := range []struct {
		depth, files uint64
		all, whole   bool
	}{{2000, 0, false, false}, {2000, 1000, false, false}, {2000, 4000, false, false}, {2000, 6000, false, true}, {2000, 0, true, true}, {0, 1000, false, true}} {
		_, record := storing(t, t.TempDir(), `file.data; content:"abc"; filestore;`, body, func(cfg *Config) {
			cfg.TCP.Depth, cfg.TCP.FileDepth, cfg.FileStore.Unlimited = c.depth, c.files, c.all
		})
		if whole := strings.Contains(record, `"state":"CLOSED"`); whole != c.whole || !strings.Contains(record, `"stored":true`) {
			t.Errorf("%+v: %s", c, record)
		}
	}
}

// TestStatementsDigests is what the page of file keywords says of lists of digests.
func TestStatementsDigests(t *testing.T) {
	dir := t.TempDir()
	m, s1, s2 := md5.Sum([]byte("abc1")), sha1.Sum([]byte("abc1")), sha256.Sum256([]byte("abc1"))
	for name, text := range map[string]string{
		"md5":      hex.EncodeToString(m[:]) + "  util.c\n" + strings.Repeat("0", 32) + "\n",
		"sha1":     hex.EncodeToString(s1[:]) + "\n",
		"sha256":   strings.ToUpper(hex.EncodeToString(s2[:])),
		"comma":    hex.EncodeToString(m[:]) + ",name\r\n",
		"comments": "some words\n# x\n\nabcd\n" + hex.EncodeToString(m[:]) + "\n",
		"other":    strings.Repeat("0", 32) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	statements(t, "http", download("abc1"), []statement{
		{`filemd5:` + dir + `/md5;`, "5"},
		{`filemd5:"` + dir + `/md5";`, "5"},
		{`filemd5:!` + dir + `/md5;`, ""},
		{`filemd5:` + dir + `/other;`, ""},
		{`filemd5:!` + dir + `/other;`, "5"},
		{`filemd5:` + dir + `/comma;`, "5"},
		{`filemd5:` + dir + `/comments;`, "5"},
		{`filesha1:` + dir + `/sha1;`, "5"},
		{`filesha256:` + dir + `/sha256;`, "5"},
		{`fileext:"txt"; filesize:4; filemd5:` + dir + `/md5;`, "5"},
		{`filemd5:` + dir + `/missing;`, "!cannot read"},
		{`filemd5;`, "!"},
	})
}
