package dissect

import (
	"fmt"
	"sort"
)

// Core events exist without any protocol. Their numbers are fixed.
const (
	EvNone       EventID = iota
	EvPacket             // every decoded packet
	EvStreamData         // new in-order bytes of a TCP stream, or a UDP payload
	EvFlowStart
	EvFlowEnd
	EvFile     // a file ended
	EvFileData // a file grew; only when something looks at contents
	EvAnomaly  // decoder, stream or protocol event: Env.Name
	EvAlert    // ordered stage only
	EvTick     // ordered stage only
	evCoreEnd
)

// CoreEvents declares the core events, in the order of their numbers from EvPacket on.
func CoreEvents() []Event {
	return []Event{
		{Name: "packet", Doc: "every decoded packet, also those within tunnels", Any: true},
		{Name: "stream.data", Doc: "new in-order bytes of a TCP stream, or the payload of a datagram", Any: true},
		{Name: "flow.start", Doc: "the first packet of a flow", Any: true},
		{Name: "flow.end", Doc: "a flow ended, timed out or was evicted", Any: true},
		{Name: "file", Doc: "a file was carried, whole or truncated", Any: true},
		{Name: "file.data", Doc: "a file being carried grew", Any: true},
		{Name: "anomaly", Doc: "the decoder, the stream engine or a protocol found something wrong", Any: true},
		{Name: "alert", Doc: "an alert was raised (scripts only)", Any: true},
		{Name: "tick", Doc: "packet time went on (scripts only)", Any: true},
	}
}

// EventInfo is an event as a Schema numbers it.
type EventInfo struct {
	Event
	ID    EventID
	Spec  *Spec // nil for core events
	Local Local
}

// Schema is every event and field that the engine knows: what names in rules and scripts
// are resolved against. It is a value that is passed around, not a global.
type Schema struct {
	Specs  []*Spec
	Events []EventInfo // indexed by EventID; [0] is unused
	// Attached is what whoever made the schema keeps for its accessors; nothing here looks at it.
	Attached any
	fields   map[string]*Field
	all      []*Field
	events   map[string]EventID
}

// NewSchema numbers the events of the protocols and gathers all fields: those common to all
// events (packet and flow) and the protocols' own. Two declarations of a name are an error.
func NewSchema(specs []*Spec, common []Field) (*Schema, error) {
	s := &Schema{Specs: specs, Events: make([]EventInfo, 1), fields: map[string]*Field{}, events: map[string]EventID{}}
	for _, e := range CoreEvents() {
		if err := s.addEvent(e, nil, 0); err != nil {
			return nil, err
		}
	}
	for i := range common {
		if err := s.addField(&common[i]); err != nil {
			return nil, err
		}
	}
	for i, sp := range specs {
		sp.index, sp.base = i, EventID(len(s.Events))
		for j, e := range sp.Events {
			if err := s.addEvent(e, sp, Local(j)); err != nil {
				return nil, err
			}
		}
		for j := range sp.Fields {
			if err := s.addField(&sp.Fields[j]); err != nil {
				return nil, err
			}
		}
	}
	sort.Slice(s.all, func(i, j int) bool { return s.all[i].Name < s.all[j].Name })
	return s, s.check()
}

func (s *Schema) addEvent(e Event, sp *Spec, n Local) error {
	if _, dup := s.events[e.Name]; dup {
		return fmt.Errorf("event %s is declared twice", e.Name)
	}
	id := EventID(len(s.Events))
	s.events[e.Name] = id
	s.Events = append(s.Events, EventInfo{Event: e, ID: id, Spec: sp, Local: n})
	return nil
}

func (s *Schema) addField(f *Field) error {
	for _, name := range append([]string{f.Name}, f.Alias...) {
		if _, dup := s.fields[name]; dup {
			return fmt.Errorf("field %s is declared twice", name)
		}
		s.fields[name] = f
	}
	s.all = append(s.all, f)
	return nil
}

func (s *Schema) check() error {
	for _, f := range s.all {
		for _, ev := range []string{f.Event, f.Done} {
			if ev == "" {
				continue
			}
			if _, ok := s.events[ev]; !ok {
				return fmt.Errorf("field %s: unknown event %s", f.Name, ev)
			}
		}
	}
	return nil
}

// Field finds a field by name or alias, nil where there is none.
func (s *Schema) Field(name string) *Field { return s.fields[name] }

// Fields gives all fields, sorted by name.
func (s *Schema) Fields() []*Field { return s.all }

// FieldNames gives every name and alias, sorted, for suggestions.
func (s *Schema) FieldNames() []string {
	names := make([]string, 0, len(s.fields))
	for n := range s.fields {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// EventByName finds an event.
func (s *Schema) EventByName(name string) (EventID, bool) {
	id, ok := s.events[name]
	return id, ok
}

// Spec finds a protocol by name, nil where there is none.
func (s *Schema) Spec(name string) *Spec {
	for _, sp := range s.Specs {
		if sp.Name == name {
			return sp
		}
	}
	return nil
}

// EventID gives the number of the protocol's event n in the Schema that holds the Spec.
func (s *Spec) EventID(n Local) EventID { return s.Owner().base + EventID(n) }

// Index is the protocol's place in Schema.Specs.
func (s *Spec) Index() int { return s.index }
