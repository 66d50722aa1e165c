package dnp3

import (
	"maps"
	"slices"
	"strconv"

	"github.com/luanids/luanids/dissect"
)

// views are what fields show of all points, made when the first of them is asked for.
type views struct {
	made     bool
	text     []byte // objects as g12v1
	ends     []int  // of each in text
	indexes  []uint32
	controls []control
	files    []fileName
}

// control is a command to an output.
type control struct {
	index        uint32
	code, status byte // code is that of a binary output, 0 for analog ones
}

// fileName is a text in Message.data.
type fileName struct{ off, n int }

func (v *views) reset() views {
	return views{text: keepSome(v.text), ends: keepSome(v.ends), indexes: keepSome(v.indexes), controls: keepSome(v.controls), files: keepSome(v.files)}
}

// keepSome empties a list, and gives it up where it is large.
func keepSome[T any](list []T) []T {
	if cap(list) > 1<<10 {
		return nil
	}
	return list[:0]
}

func (v *views) clone() views {
	return views{v.made, slices.Clone(v.text), slices.Clone(v.ends), slices.Clone(v.indexes), slices.Clone(v.controls), slices.Clone(v.files)}
}

// Groups of commands, and of file control.
const (
	groupCommand       = 12 // control relay output blocks
	groupAnalogCommand = 41
	groupFile          = 70
)

func (m *Message) view() *views {
	v := &m.views
	if v.made {
		return v
	}
	v.made = true
	for i := range m.objects {
		o := &m.objects[i]
		v.text = strconv.AppendUint(append(v.text, 'g'), uint64(o.group), 10)
		v.text = strconv.AppendUint(append(v.text, 'v'), uint64(o.variation), 10)
		v.ends = append(v.ends, len(v.text))
		r := m.pointsOf(o)
		for p := (point{}); r.i < o.points && r.next(&p); {
			if !o.sized() {
				v.indexes = append(v.indexes, p.index)
			}
			m.viewPoint(v, o, &p, r.lay)
		}
	}
	return v
}

// viewPoint notes what a command, or file control, says.
func (m *Message) viewPoint(v *views, o *object, p *point, l *layout) {
	if l == nil || l.packed || len(p.body) == 0 {
		return
	}
	switch n := len(p.body); o.group {
	case groupCommand:
		v.controls = append(v.controls, control{p.index, p.body[0], p.body[n-1] & 0x7f})
	case groupAnalogCommand:
		v.controls = append(v.controls, control{p.index, 0, p.body[n-1]})
	case groupFile:
		for r := p.values(l); r.next(); {
			if r.item.kind == kText && (r.item.name == "filename" || r.item.name == "file_specification") && len(r.v.b) > 0 {
				n := len(r.v.b)
				v.files = append(v.files, fileName{o.off + p.off + r.at - n, n})
			}
		}
	}
}

// names lists texts in the order of their numbers.
func names(of map[uint8]string) (list []string) {
	for _, n := range slices.Sorted(maps.Keys(of)) {
		list = append(list, of[n])
	}
	return list
}

// ofControl gives a number of the i-th command.
func ofControl(get func(x *control) int64) func(m *Message, i int) (int64, bool) {
	return func(m *Message, i int) (int64, bool) {
		if v := m.view(); i < len(v.controls) {
			return get(&v.controls[i]), true
		}
		return 0, false
	}
}

func always[T byte | uint16](get func(m *Message) T) func(m *Message) (int64, bool) {
	return func(m *Message) (int64, bool) { return int64(get(m)), true }
}

func fields() []dissect.Field {
	num, nums := dissect.Int[Message], dissect.Ints[Message]
	return []dissect.Field{
		dissect.Str("dnp3.type", message, "request, response or unsolicited_response", func(m *Message) []byte { return dissect.Text(m.kind()) }).
			OneOf("request", "response", "unsolicited_response"),
		num("dnp3.func", message, "function of the application layer by number: 5 is DIRECT_OPERATE, 129 a response", always(func(m *Message) byte { return m.function })).Bits(8),
		dissect.Str("dnp3.func.name", message, "the same by name: direct_operate, cold_restart", func(m *Message) []byte { return dissect.Text(Functions[m.function]) }).
			OneOf(names(Functions)...),
		num("dnp3.src", message, "link address of the sender", always(func(m *Message) uint16 { return m.src })).Bits(16),
		num("dnp3.dst", message, "link address of the receiver; 65520 and more are special, 65533 to 65535 mean all", always(func(m *Message) uint16 { return m.dst })).Bits(16),
		num("dnp3.sequence", message, "number of the fragment, 0 to 15", always(func(m *Message) byte { return m.control & appSeq })).Bits(4),
		num("dnp3.ind", message, "internal indications of a response, 16 bits: 0x8000 is device_restart (IIN1.7), 0x0001 no_func_code_support (IIN2.0)", func(m *Message) (int64, bool) {
			return int64(m.iin), m.dir == dissect.ToClient
		}).Bits(16).Also("dnp3.iin"),
		dissect.Strs("dnp3.indicators", message, "the same by name", func(m *Message, i int) ([]byte, bool) {
			for _, x := range Indicators {
				if m.iin&x.Bit == 0 {
					continue
				}
				if i == 0 {
					return dissect.Text(x.Name), true
				}
				i--
			}
			return nil, false
		}),
		dissect.Bin("dnp3.data", fragment, "the fragment without CRCs, from its control octet on", func(m *Message) []byte { return m.data }),
		dissect.Strs("dnp3.obj", fragment, "objects by group and variation: g12v1", func(m *Message, i int) ([]byte, bool) {
			v := m.view()
			if i >= len(v.ends) {
				return nil, false
			}
			from := 0
			if i > 0 {
				from = v.ends[i-1]
			}
			return v.text[from:v.ends[i]], true
		}),
		nums("dnp3.obj.group", fragment, "groups of the objects", func(m *Message, i int) (int64, bool) {
			if i < len(m.objects) {
				return int64(m.objects[i].group), true
			}
			return 0, false
		}).Bits(8),
		dissect.Bool("dnp3.complete", fragment, "all objects were understood", func(m *Message) bool { return m.complete }),
		nums("dnp3.point.index", fragment, "indexes of all points that the objects have values of, or name one by one", func(m *Message, i int) (int64, bool) {
			if v := m.view(); i < len(v.indexes) {
				return int64(v.indexes[i]), true
			}
			return 0, false
		}),
		nums("dnp3.control.index", fragment, "indexes of the outputs that commands are for (g12, g41), also in responses", ofControl(func(x *control) int64 { return int64(x.index) })),
		nums("dnp3.control.code", fragment, "control octets of these commands: 0x41 close, 0x81 trip, 0x03 latch on, 0x04 latch off; 0 for analog outputs", ofControl(func(x *control) int64 { return int64(x.code) })).Bits(8),
		nums("dnp3.control.status", fragment, "status of these commands: 0 success, 4 not supported; in requests it is 0", ofControl(func(x *control) int64 { return int64(x.status) })).Bits(8),
		dissect.Strs("dnp3.file.name", fragment, "names of files (g70)", func(m *Message, i int) ([]byte, bool) {
			if v := m.view(); i < len(v.files) {
				f := v.files[i]
				return m.data[f.off : f.off+f.n], true
			}
			return nil, false
		}),
	}
}
