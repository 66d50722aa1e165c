//go:build !linux

package inject

import "errors"

var errPlatform = errors.New("active response works on Linux only")

func openRoute() (Sender, error)      { return nil, errPlatform }
func openLink(string) (Sender, error) { return nil, errPlatform }
