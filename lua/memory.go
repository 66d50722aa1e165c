package lua

import (
	"unsafe"

	glua "github.com/yuin/gopher-lua"
)

// Sizes of things in bytes, for the estimate of what a script holds.
const (
	sizeTable  = 104
	sizeSlot   = 16  // an entry of an array: an interface
	sizeEntry  = 96  // an entry of a hash part: map, list of keys and index of keys
	sizeHash   = 600 // a hash part of up to eight entries: maps come in such pieces
	sizeBox    = 16  // what a string or number behind an interface takes besides its bytes
	sizeFunc   = 80
	sizeObject = 64
)

// sized is implemented by native values that scripts hold.
type sized interface{ memory() int64 }

// holder is implemented by native values that hold Lua values.
type holder interface{ each(visit func(glua.LValue)) }

// tableLayout mirrors glua.LTable, whose parts are not exported: it is looked at to tell how large
// a table really is, keys of removed entries included. TestTableLayout keeps it true.
type tableLayout struct {
	Metatable glua.LValue
	array     []glua.LValue
	dict      map[glua.LValue]glua.LValue
	strdict   map[string]glua.LValue
	keys      []glua.LValue
	k2i       map[glua.LValue]int
}

func layout(t *glua.LTable) *tableLayout { return (*tableLayout)(unsafe.Pointer(t)) }

// walker measures what can be reached from a set of values.
type walker struct {
	seen  map[unsafe.Pointer]struct{}
	todo  []glua.LValue // what lies deeper than maxWalkDepth
	depth int
	bytes int64
	count int64
	limit int64
	sweep bool // compact tables that have lost many keys
}

func (w *walker) reset(limit int64, sweep bool) {
	if w.seen == nil || len(w.seen) > keepSeen {
		w.seen = map[unsafe.Pointer]struct{}{}
	}
	clear(w.seen)
	w.todo, w.bytes, w.count, w.limit, w.sweep = w.todo[:0], 0, 0, limit, sweep
}

// add counts a value, and notes it for following if it holds others.
func (w *walker) add(v glua.LValue) {
	switch x := v.(type) {
	case nil:
	case glua.LNumber:
		w.bytes += sizeBox
	case glua.LString:
		w.text(string(x))
	case *glua.LTable:
		if !w.mark(unsafe.Pointer(x)) {
			return
		}
		if w.depth == maxWalkDepth {
			w.todo = append(w.todo, v)
			return
		}
		w.depth++ // at once: a list of what is to be done would be as long as the table
		w.count++
		w.table(x)
		w.depth--
	case *glua.LFunction:
		if w.mark(unsafe.Pointer(x)) {
			w.todo = append(w.todo, v)
		}
	case *glua.LUserData:
		if w.mark(unsafe.Pointer(x)) {
			w.todo = append(w.todo, v)
		}
	}
}

// mark notes that something was seen; false where it was before.
func (w *walker) mark(p unsafe.Pointer) bool {
	n := len(w.seen)
	w.seen[p] = struct{}{}
	return len(w.seen) > n
}

const (
	// maxWalkDepth is how deep tables within tables are followed by recursion.
	maxWalkDepth = 50
	// keepSeen is up to how many entries a set is used again.
	keepSeen = 1 << 16
)

// text counts a string; a long one once, however many values share it.
func (w *walker) text(s string) {
	w.bytes += sizeBox
	if len(s) >= sharedText {
		if !w.mark(unsafe.Pointer(unsafe.StringData(s))) {
			return
		}
	}
	w.bytes += int64(len(s))
}

// sharedText is the length from which on a string is counted once.
const sharedText = 128

// run follows what was added. It ends early once the limit is passed.
func (w *walker) run() {
	for len(w.todo) > 0 && w.bytes <= w.limit {
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.count++
		switch x := v.(type) {
		case *glua.LTable:
			w.table(x)
		case *glua.LFunction:
			w.bytes += sizeFunc
			for _, u := range x.Upvalues {
				if u != nil {
					w.add(u.Value())
				}
			}
		case *glua.LUserData:
			w.bytes += sizeObject
			if s, ok := x.Value.(sized); ok {
				w.bytes += s.memory()
			}
			if h, ok := x.Value.(holder); ok {
				h.each(w.add)
			}
		}
	}
}

func (w *walker) table(t *glua.LTable) {
	l := layout(t)
	live := len(l.dict) + len(l.strdict)
	if w.sweep && len(l.keys) > 2*live+64 {
		compact(t)
	}
	w.bytes += sizeTable + int64(cap(l.array))*sizeSlot
	if n := int64(len(l.keys)); n > 0 {
		w.bytes += max(sizeHash, n*sizeEntry)
	}
	w.count += int64(len(l.array)+live) / 8
	for _, v := range l.array {
		if w.add(v); w.bytes > w.limit {
			return
		}
	}
	for k, v := range l.strdict {
		w.bytes += int64(len(k))
		w.add(v)
	}
	for k, v := range l.dict {
		w.add(k)
		w.add(v)
	}
	if l.Metatable != nil {
		w.add(l.Metatable)
	}
}

// compact rebuilds the hash part of a table: the interpreter never forgets the keys of removed entries, so that
// a table used as a cache would grow for ever. The order of the keys that are left stays.
func compact(t *glua.LTable) {
	l := layout(t)
	keys := make([]glua.LValue, 0, len(l.dict)+len(l.strdict))
	k2i := make(map[glua.LValue]int, cap(keys))
	for _, k := range l.keys {
		if t.RawGetH(k) != glua.LNil {
			k2i[k] = len(keys)
			keys = append(keys, k)
		}
	}
	l.keys, l.k2i = keys, k2i
	// The maps keep the room of their largest size.
	if l.strdict != nil {
		m := make(map[string]glua.LValue, len(l.strdict))
		for k, v := range l.strdict {
			m[k] = v
		}
		l.strdict = m
	}
	if l.dict != nil {
		m := make(map[glua.LValue]glua.LValue, len(l.dict))
		for k, v := range l.dict {
			m[k] = v
		}
		l.dict = m
	}
}
