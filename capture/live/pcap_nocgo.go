//go:build !cgo

package live

import "errors"

// openPcap fails: this binary was built without libpcap.
func openPcap(string, *Options) ([]port, int, error) {
	return nil, 0, errors.New("this binary was built without cgo and libpcap, which read packets where there is no AF_PACKET; build it with CGO_ENABLED=1")
}
