// Package protocols lists the protocols that the engine knows: adding one is adding a line.
package protocols

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/dissect/ssh"
	"github.com/luanids/luanids/dissect/tls"
)

// All makes the Specs of all protocols, in the order in which they are asked to recognise a
// flow's first bytes.
func All() []*dissect.Spec {
	return []*dissect.Spec{
		dns.Spec(),
		dns.MDNS(),
		tls.Spec(),
		ssh.Spec(),
		http.Spec(),
	}
}
