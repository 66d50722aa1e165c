package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"luanids": func() {
			main() // in a process of its own
		},
	})
}

// TestScripts runs the sessions of testdata/script as a user would type them. $CAPTURES is the
// folder of test captures, $RULES a file of rules in Suricata's syntax.
func TestScripts(t *testing.T) {
	captures, err := filepath.Abs("../../testdata/captures")
	if err != nil {
		t.Fatal(err)
	}
	imported, err := filepath.Abs("testdata/imported.rules")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("CAPTURES", captures)
			e.Setenv("RULES", imported)
			return nil
		},
	})
}
