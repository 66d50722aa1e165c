package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// Set by the linker, see the Makefile.
var (
	version = "dev"
	commit  = "unknown"
	date    = "unknown"
)

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print version, commit and build date", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			fmt.Fprintln(e.stdout, versionLine())
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("luanids %s (commit %s, built %s, %s %s/%s)", version, commit, date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
