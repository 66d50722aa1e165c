package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLSP runs the command as an editor does: messages on stdin, answers on stdout, exit code 0 after exit.
func TestLSP(t *testing.T) {
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	code := make(chan int, 1)
	go func() {
		code <- run(context.Background(), &env{args: []string{"lsp", "--stdio"}, stdin: inR, stdout: outW, stderr: io.Discard, getenv: os.Getenv})
	}()
	send := func(body string) {
		if _, err := fmt.Fprintf(inW, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			t.Fatal(err)
		}
	}
	_ = outR.SetReadDeadline(time.Now().Add(30 * time.Second))
	out := bufio.NewReader(outR)
	wait := func(want string) {
		var got strings.Builder
		for !strings.Contains(got.String(), want) {
			b, err := out.ReadByte()
			if err != nil {
				t.Fatalf("no %q in %q: %v", want, got.String(), err)
			}
			got.WriteByte(b)
		}
	}
	send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`)
	wait(`"name":"luanids"`)
	send(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:a","version":7,"text":"rule A { when anomaly.evnt == \"x\" }"}}}`)
	wait(`did you mean anomaly.event?`) // the engine's own fields are known
	send(`{"jsonrpc":"2.0","id":2,"method":"shutdown"}`)
	wait(`"id":2`)
	send(`{"jsonrpc":"2.0","method":"exit"}`)
	select {
	case c := <-code:
		if c != exitOK {
			t.Errorf("exit code %d", c)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
}
