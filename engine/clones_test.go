package engine

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/jsonw"
)

// many are captures of many packets with little in them.
var many = regexp.MustCompile("flood|nmap|load|force|guess|dns_tunnel|icmp_tunnel|beacon|poisson|backup|exfil|busy|ampli|map|loss")

// TestClones makes copies of all messages of the captures, as handlers of the ordered stage get them, and wants them to say the same as the
// messages, at once and when the run is over: nothing of a copy may lie in a packet, or in memory that is used again.
func TestClones(t *testing.T) {
	files, err := filepath.Glob("../testdata/captures/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, file := range files {
		if many.MatchString(file) {
			continue
		}
		cfg := DefaultConfig()
		cfg.Workers = 1
		if cfg.Schema, err = NewSchema(&cfg.EVEOptions); err != nil {
			t.Fatal(err)
		}
		k := &cloneKeeper{t: t, file: filepath.Base(file), kinds: kinds}
		for _, s := range cfg.Schema.Specs {
			k.watch(s, cfg.Schema.Fields())
		}
		replay(t, cfg, file)
		k.again()
	}
	for _, want := range []string{"http", "dns", "tls", "smb", "mqtt", "ldap", "krb5", "ike", "snmp", "tftp", "rfb", "quic", "pgsql", "nfs", "rdp", "pop3", "http2", "doh2", "websocket"} {
		if !kinds[want] {
			t.Errorf("no message of %s was seen", want)
		}
	}
}

// cloneKeeper keeps copies with what they said.
type cloneKeeper struct {
	t     *testing.T
	file  string
	kept  []keptClone
	kinds map[string]bool
	bad   int
}

type keptClone struct {
	env  dissect.Env
	flow dissect.Flow
	spec *dissect.Spec
	said string
	say  func(e *dissect.Env) string
}

// watch copies each message of which a record is written.
func (k *cloneKeeper) watch(s *dissect.Spec, fields []*dissect.Field) {
	write, clone := s.EVE, s.Clone
	if write == nil || clone == nil {
		return
	}
	own := map[string]bool{}
	for _, f := range s.Owner().Fields {
		own[f.Name] = true
	}
	say := func(e *dissect.Env) string {
		var w jsonw.Writer
		w.Object()
		write(&w, e)
		w.End()
		text := string(w.B)
		for _, f := range fields {
			if own[f.Name] {
				text += "\n" + dissecttest.Format(f, e)
			}
		}
		return text
	}
	s.EVE = func(w *jsonw.Writer, e *dissect.Env) {
		write(w, e)
		if e.Tx == nil {
			return
		}
		c := keptClone{env: *e, spec: s, said: say(e), say: say}
		c.env.Tx = clone(e.Tx)
		if e.Flow != nil {
			c.flow = *e.Flow
		}
		k.kinds[s.Name] = true
		k.compare("at once", &c)
		k.kept = append(k.kept, c)
	}
}

// again looks at all copies once more.
func (k *cloneKeeper) again() {
	for i := range k.kept {
		c := &k.kept[i]
		c.env.Flow = &c.flow
		k.compare("at the end", c)
	}
}

func (k *cloneKeeper) compare(when string, c *keptClone) {
	got := c.say(&c.env)
	if got == c.said || k.bad > 3 {
		return
	}
	k.bad++
	a, b := strings.Split(c.said, "\n"), strings.Split(got, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			k.t.Errorf("%s: %s: %s: %.300s, of the copy %.300s", k.file, c.spec.Name, when, a[i], b[min(i, len(b)-1)])
			return
		}
	}
}
