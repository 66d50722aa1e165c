package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// unread is a pipe whose reader went away.
type unread struct{}

func (unread) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}
}

const attacks = "../../testdata/captures/web_attacks.pcap.gz"

func unheard(args ...string) (code int, stderr string) {
	var said bytes.Buffer
	args = append(args, "-f", attacks, "--output", "json")
	code = run(context.Background(), &env{args: args, stdout: unread{}, stderr: &said, getenv: os.Getenv})
	return code, said.String()
}

// halfway calls stop when half of its bytes were read.
type halfway struct {
	bytes.Reader
	stop func()
}

func (h *halfway) Read(b []byte) (int, error) {
	if int64(h.Len()) < h.Size()/2 {
		h.stop()
	}
	return h.Reader.Read(b[:min(len(b), 4096)])
}

// TestNobodyReads: luanids | head ends without a word; with another output the run goes on for that.
func TestNobodyReads(t *testing.T) {
	if code, said := unheard(); code != exitOK || said != "" {
		t.Errorf("stdout alone: exit code %d, %q; want 0 and silence", code, said)
	}
	eve := filepath.Join(t.TempDir(), "eve.json")
	code, said := unheard("--eve", eve)
	if code != exitRuntime || !strings.Contains(said, "broken pipe") || !strings.Contains(said, "records that stdout could not write") {
		t.Errorf("with an EVE log: exit code %d, %q; want 1 and what was lost", code, said)
	}
	checkEnd(t, eve)
}

// TestStopped: a signal cancels the context; outputs are flushed and the summary says so.
func TestStopped(t *testing.T) {
	packed, err := os.ReadFile(attacks)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdin := &halfway{stop: stop}
	stdin.Reset(packed)
	eve := filepath.Join(t.TempDir(), "eve.json")
	var said bytes.Buffer
	code := run(ctx, &env{args: []string{"-f", "-", "--eve", eve, "--output", "none"}, stdin: stdin, stdout: io.Discard, stderr: &said, getenv: os.Getenv})
	if code != exitOK || !strings.Contains(said.String(), "stopped by a signal") || !strings.Contains(said.String(), " packets, ") {
		t.Errorf("exit code %d, %q; want 0 and a summary of the part that was seen", code, said.String())
	}
	checkEnd(t, eve)
}

// checkEnd wants the last line of an EVE log to be whole and its statistics.
func checkEnd(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	if n := len(lines); n < 3 || lines[n-1] != "" || !strings.HasPrefix(lines[n-2], "{") || !strings.HasSuffix(lines[n-2], "}") ||
		!strings.Contains(lines[n-2]+lines[n-3], `"event_type":"stats"`) {
		t.Errorf("the EVE log does not end with its statistics: %.200q", lines[max(0, n-2):])
	}
}
