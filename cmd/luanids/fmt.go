package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

func newFmt(e *env) *cobra.Command {
	f := &formatter{env: e}
	cmd := &cobra.Command{
		Use: "fmt FILE|DIR|-...", Short: "Bring .nids files into their canonical form", Args: cobra.MinimumNArgs(1),
		Long: "Print .nids files in their canonical form, with their comments. - is standard input. A file with syntax errors\n" +
			"is left alone: exit code 3, as for --check when a file is not canonical.",
		Example: "  luanids fmt -w rules/\n  luanids fmt --check rules/web.nids",
		RunE: func(_ *cobra.Command, args []string) error {
			if f.write && f.check {
				return usage(errors.New("-w and --check: choose one"))
			}
			return f.run(args)
		},
	}
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write the result back to the files, and name those that changed")
	cmd.Flags().BoolVar(&f.check, "check", false, "only name the files that are not canonical")
	return cmd
}

type formatter struct {
	env          *env
	write, check bool
	bad          int // files with syntax errors
	other        int // files that are not canonical
}

func (f *formatter) run(args []string) error {
	var files []string
	for _, a := range args {
		list, err := nidsFiles(a)
		if err != nil {
			return usage(err)
		}
		files = append(files, list...)
	}
	for _, name := range files {
		if err := f.file(name); err != nil {
			return err
		}
	}
	switch {
	case f.bad > 0:
		return &failure{fmt.Errorf("%s with syntax errors left alone", plural(f.bad, "file")), exitFindings}
	case f.check && f.other > 0:
		return &failure{fmt.Errorf("%s not in canonical form; luanids fmt -w changes that", plural(f.other, "file")), exitFindings}
	}
	return nil
}

// nidsFiles gives the files that an argument names: itself, or the .nids files below a folder.
func nidsFiles(arg string) ([]string, error) {
	if arg == "-" {
		return []string{arg}, nil
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	var files []string
	err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != arg && lang.Hidden(p) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && !d.IsDir() && filepath.Ext(p) == lang.Ext {
			files = append(files, p)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no %s files in %s", lang.Ext, arg)
	}
	return files, err
}

func (f *formatter) file(name string) error {
	var src []byte
	var err error
	shown := name
	if name == "-" {
		shown = "stdin"
		src, err = io.ReadAll(f.env.stdin)
	} else {
		src, err = os.ReadFile(name)
	}
	if err != nil {
		return failed(err)
	}
	out, list := syntax.Format(src)
	if len(list) > 0 {
		f.bad++
		for i := range list {
			list[i].File = shown
		}
		list.Sort()
		_ = diag.Text(f.env.stderr, list, func(string) []byte { return src }, maxMessages)
		return nil
	}
	same := bytes.Equal(src, out)
	if !same {
		f.other++
	}
	switch {
	case f.check:
		if !same {
			fmt.Fprintln(f.env.stdout, shown)
		}
	case f.write && name != "-":
		if same {
			return nil
		}
		if err := replaceFile(name, out); err != nil {
			return failed(err)
		}
		fmt.Fprintln(f.env.stdout, name)
	default:
		if _, err := f.env.stdout.Write(out); err != nil {
			return failed(err)
		}
	}
	return nil
}

// replaceFile puts other content into a file, whole or not at all.
func replaceFile(name string, data []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return renameio.WriteFile(name, data, info.Mode().Perm(), renameio.WithTempDir(filepath.Dir(name)), renameio.IgnoreUmask())
}
