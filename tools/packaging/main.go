// Command packaging builds the Debian package from nfpm.yaml. It is a module of its own, so that what it needs is no
// dependency of luanids.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
)

func main() {
	config := flag.String("config", "tools/packaging/nfpm.yaml", "what the package holds")
	target := flag.String("target", "build", "folder for the package")
	flag.Parse()
	path, err := build(*config, *target)
	if err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// build makes the package and gives its path. $VERSION and $ARCH are filled in.
func build(config, target string) (string, error) {
	all, err := nfpm.ParseFileWithEnvMapping(config, os.Getenv)
	if err != nil {
		return "", err
	}
	info, err := all.Get("deb")
	if err != nil {
		return "", err
	}
	info = nfpm.WithDefaults(info)
	deb, err := nfpm.Get("deb")
	if err != nil {
		return "", err
	}
	path := filepath.Join(target, deb.ConventionalFileName(info))
	w, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := deb.Package(info, w); err != nil {
		w.Close()
		os.Remove(path)
		return "", err
	}
	return path, w.Close()
}
