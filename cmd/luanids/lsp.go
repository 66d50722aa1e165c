package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang/lsp"
)

func newLSP(e *env) *cobra.Command {
	var verbose bool
	cmd := &cobra.Command{
		Use: "lsp", Short: "Language server for .nids files, on stdin and stdout", Args: cobra.NoArgs,
		Long: "A language server (LSP) on stdin and stdout: diagnostics, hover, completion, go to definition, an outline and\n" +
			"formatting of .nids files. Editors start it; docs/editor says how.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := engine.DefaultConfig()
			schema, err := engine.NewSchema(&cfg.EVEOptions)
			if err != nil {
				return failed(err)
			}
			opt := lsp.Options{Version: version, Delay: lsp.DefaultDelay}
			if verbose {
				opt.Log = func(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }
			}
			if err := lsp.Serve(cmd.Context(), schema, stdio{e.stdin, e.stdout}, opt); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "say on stderr what goes wrong")
	cmd.Flags().Bool("stdio", true, "the only transport there is; editors name it")
	return cmd
}

// stdio is the stream of a server: closing it closes stdin where that can be, so that a pending read ends.
type stdio struct {
	io.Reader
	io.Writer
}

func (s stdio) Close() error {
	var err error
	for _, x := range []any{s.Reader, s.Writer} {
		if c, ok := x.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}
