// Package ssh parses what SSH (RFC 4253) shows before it encrypts: banners and algorithm
// proposals, from which it derives HASSH fingerprints. Afterwards it tells from the sizes of
// messages whether authentication failed or succeeded; see auth.go.
package ssh

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Spec declares SSH.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "ssh",
		Doc:  "Secure Shell",
		Ref:  "RFC 4253, RFC 4252, RFC 8308",
		TCP:  &dissect.Detect{Ports: []uint16{22}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evBanner:       {Name: "ssh.banner", Doc: "the banner of either side", Any: true},
			evClientBanner: {Name: "ssh.client_banner", Doc: "the client's banner", Dir: dissect.ToServer, Phase: 1},
			evServerBanner: {Name: "ssh.server_banner", Doc: "the server's banner", Dir: dissect.ToClient, Phase: 1},
			evClientKex:    {Name: "ssh.client_kex", Doc: "the client's algorithms", Dir: dissect.ToServer, Phase: 2},
			evServerKex:    {Name: "ssh.server_kex", Doc: "the server's algorithms", Dir: dissect.ToClient, Phase: 2},
			evKex:          {Name: "ssh.kex", Doc: "the algorithms of both sides are known, or the flow is over", Any: true, Phase: 3, Log: true, Final: true},
			evFailure:      {Name: "ssh.auth.failure", Doc: "an attempt to authenticate failed, as the sizes of messages tell", Dir: dissect.ToClient, Phase: 4},
			evSuccess:      {Name: "ssh.auth.success", Doc: "authentication succeeded, as the sizes of messages tell", Dir: dissect.ToClient, Phase: 4},
			evUndetermined: {Name: "ssh.auth.undetermined", Doc: "the flow ended and nothing tells how authentication went", Any: true, Phase: 4},
			evFrame:        dissect.FrameEvent("ssh.frame"),
		},
		Fields:     append(fields(), dissect.FrameFields("ssh.frame", frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		MaxPending: maxPending,
		EVE:        writeEVE,
		Clone:      func(tx any) any { return tx.(*Session).Clone() },
	}
}

// probe recognises the banner, which is the same of both sides: where a connection is seen from its middle, the port tells who is the server.
// A server may send other lines before it (RFC 4253 section 4.2), which is taken on the usual port only.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	const magic = "SSH-"
	if n := min(len(b), len(magic)); string(b[:n]) == magic[:n] {
		if n == len(magic) {
			return dissect.ByPort
		}
		return dissect.More
	}
	if !hint || dir != dissect.ToClient {
		return dissect.No
	}
	if bytes.Contains(b, []byte("\n"+magic)) {
		return dissect.ByPort
	}
	for _, c := range b {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return dissect.No
		}
	}
	return dissect.More
}
