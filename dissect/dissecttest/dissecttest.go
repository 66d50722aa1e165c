// Package dissecttest runs one protocol's parser on bytes and writes down what it emits, one
// line an event, for the protocols' tests.
package dissecttest

import (
	"fmt"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Recorder is a Host that keeps a line for each event, anomaly and file:
//
//	http.request to_server http.method="GET" http.uri="/"
//	anomaly http.missing_host_header
//	file name="a.pdf" state=CLOSED size=12
type Recorder struct {
	Spec     *dissect.Spec
	Lines    []string
	Records  []string // EVE members of events with Log, as JSON objects
	Files    []dissect.File
	Capped   map[string]int // how often each cap of Spec.Caps was reached
	Ctx      *dissect.Ctx
	Quiet    bool     // keep no lines, for benchmarks
	Fields   []string // if not nil, only these fields are written
	Upgraded string
	Expected []dissect.Expectation
	session  dissect.Session
	parser   dissect.Parser
	schema   *dissect.Schema
}

// New makes a recorder for one flow of the protocol; others are protocols whose events its parser emits as well.
func New(spec *dissect.Spec, others ...*dissect.Spec) *Recorder {
	schema, err := dissect.NewSchema(append(with(spec), others...), nil)
	if err != nil {
		panic(err)
	}
	limits := dissect.DefaultLimits()
	limits.KeepBodies = true
	r := &Recorder{Spec: spec, schema: schema, parser: spec.New(), Capped: map[string]int{}}
	r.Ctx = &dissect.Ctx{Limits: &limits, Host: r, OnCapped: func(s *dissect.Spec, n int) { r.Capped[s.Caps[n].Name]++ }}
	r.Ctx.Flow = &dissect.Flow{App: spec}
	r.Ctx.Time = 1_700_000_000e9
	return r
}

// with lists a protocol and those that it is made of.
func with(spec *dissect.Spec) []*dissect.Spec {
	list := []*dissect.Spec{spec}
	if spec.Through != nil {
		list = append(list, spec.Through)
	}
	return list
}

// Data feeds bytes of a direction. They are overwritten afterwards, as the memory of packets is: whoever points there says nonsense.
func (r *Recorder) Data(dir dissect.Dir, data string) *Recorder {
	b := []byte(data)
	r.session.Data(r.Ctx, r.Spec, r.parser, dir, b)
	for i := range b {
		b[i] = 0xa5
	}
	return r
}

// Bytes feeds bytes of a direction without a copy.
func (r *Recorder) Bytes(dir dissect.Dir, data []byte) {
	r.session.Data(r.Ctx, r.Spec, r.parser, dir, data)
}

// Hand gives the parser what the one before it on the flow has left (Ctx.Handed).
func (r *Recorder) Hand(data any) {
	if p, ok := r.parser.(dissect.Expecter); ok {
		p.Expected(data)
	}
}

// Trickle feeds bytes one at a time.
func (r *Recorder) Trickle(dir dissect.Dir, data string) *Recorder {
	for i := range len(data) {
		r.Data(dir, data[i:i+1])
	}
	return r
}

// Gap says that n bytes are missing.
func (r *Recorder) Gap(dir dissect.Dir, n int) *Recorder {
	r.session.Gap(r.Ctx, r.Spec, r.parser, dir, n)
	return r
}

// End ends both directions and gives all lines.
func (r *Recorder) End(why dissect.EndReason) string {
	r.session.End(r.Ctx, r.Spec, r.parser, dissect.ToServer, why)
	r.session.End(r.Ctx, r.Spec, r.parser, dissect.ToClient, why)
	return r.Text()
}

// Restart makes the recorder ready for another flow, reusing the parser.
func (r *Recorder) Restart() {
	r.session.Reset()
	r.parser.Reset()
	r.Lines, r.Records, r.Files = r.Lines[:0], r.Records[:0], r.Files[:0]
	r.Upgraded = ""
}

// Text gives the lines so far, each ended by a newline.
func (r *Recorder) Text() string {
	if len(r.Lines) == 0 {
		return ""
	}
	return strings.Join(r.Lines, "\n") + "\n"
}

// Pending gives the bytes that the parser has not consumed.
func (r *Recorder) Pending(dir dissect.Dir) []byte { return r.session.Pending(dir) }

// Emit implements dissect.Host.
func (r *Recorder) Emit(spec *dissect.Spec, ev dissect.Local, e *dissect.Env) {
	if r.Quiet {
		return
	}
	e.Event = spec.EventID(ev)
	decl := spec.Owner().Events[ev]
	line := decl.Name + " " + e.Dir.String()
	for _, f := range r.schema.Fields() {
		if r.wanted(f) && known(f, spec, decl) {
			line += Format(f, e)
		}
	}
	r.Lines = append(r.Lines, line)
	records := 0
	if decl.Log && spec.EVE != nil {
		if records = 1; spec.Records != nil {
			records = spec.Records(e)
		}
	}
	for range records {
		var w jsonw.Writer
		w.Object()
		spec.EVE(&w, e)
		w.End()
		r.Records = append(r.Records, string(w.B))
	}
}

func (r *Recorder) wanted(f *dissect.Field) bool {
	if r.Fields == nil {
		return true
	}
	for _, n := range r.Fields {
		if n == f.Name {
			return true
		}
	}
	return false
}

// known tells whether a field is known at an event of the protocol spec.
func known(f *dissect.Field, spec *dissect.Spec, decl dissect.Event) bool {
	for _, ev := range spec.Owner().Events {
		if ev.Name == f.Event {
			return ev.Phase <= decl.Phase
		}
	}
	return f.Event == ""
}

// Format writes ` name=value` for a field that is present, "" for one that is not.
func Format(f *dissect.Field, e *dissect.Env) string {
	switch {
	case f.Bytes != nil:
		if v := f.Bytes(e); v != nil {
			return fmt.Sprintf(" %s=%q", f.Name, v)
		}
	case f.Int != nil:
		if v, ok := f.Int(e); ok {
			return fmt.Sprintf(" %s=%d", f.Name, v)
		}
	case f.Float != nil:
		if v, ok := f.Float(e); ok {
			return fmt.Sprintf(" %s=%g", f.Name, v)
		}
	case f.IP != nil:
		if v, ok := f.IP(e); ok {
			return fmt.Sprintf(" %s=%s", f.Name, v)
		}
	default:
		return formatN(f, e)
	}
	return ""
}

func formatN(f *dissect.Field, e *dissect.Env) string {
	var vals []string
	for i := 0; ; i++ {
		var s string
		var ok bool
		switch {
		case f.BytesN != nil:
			var v []byte
			v, ok = f.BytesN(e, i)
			s = fmt.Sprintf("%q", v)
		case f.IntN != nil:
			var v int64
			v, ok = f.IntN(e, i)
			s = fmt.Sprint(v)
		case f.IPN != nil:
			v, found := f.IPN(e, i)
			s, ok = v.String(), found
		}
		if !ok {
			break
		}
		vals = append(vals, s)
	}
	if vals == nil {
		return ""
	}
	return fmt.Sprintf(" %s=[%s]", f.Name, strings.Join(vals, " "))
}

// Anomaly implements dissect.Host.
func (r *Recorder) Anomaly(spec *dissect.Spec, n int, e *dissect.Env) {
	if !r.Quiet {
		r.Lines = append(r.Lines, "anomaly "+spec.Name+"."+spec.Anomalies[n])
	}
}

// Upgrade implements dissect.Host.
func (r *Recorder) Upgrade(e *dissect.Env, to string) {
	r.Upgraded = to
	if !r.Quiet {
		r.Lines = append(r.Lines, fmt.Sprintf("upgrade %q", to))
	}
}

// Expect implements dissect.Host.
func (r *Recorder) Expect(e *dissect.Env, x dissect.Expectation) {
	r.Expected = append(r.Expected, x)
}

// FileEvent implements dissect.Host.
func (r *Recorder) FileEvent(e *dissect.Env, ended bool) {
	if !ended || r.Quiet {
		return
	}
	f := *e.File
	f.Name = append([]byte(nil), f.Name...)
	f.Content = append([]byte(nil), f.Content...)
	f.Head = append([]byte(nil), f.Head...)
	f.MD5, f.SHA1, f.SHA256 = append([]byte(nil), f.MD5...), append([]byte(nil), f.SHA1...), append([]byte(nil), f.SHA256...)
	r.Files = append(r.Files, f)
	r.Lines = append(r.Lines, fmt.Sprintf("file %s name=%q state=%s size=%d", f.Dir, f.Name, f.State, f.Size))
}
