package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the man pages, for packages.
func newMan(_ *env) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages to a folder", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return failed(err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			h := &doc.GenManHeader{Section: "1", Source: "luanids " + version, Manual: "luanids"}
			if t, err := time.Parse(time.RFC3339, date); err == nil {
				h.Date = &t
			}
			if err := doc.GenManTree(root, h, args[0]); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}
