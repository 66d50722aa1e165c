package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// store is a bounded table by key: entries that were not used for longest go first, and those not
// used for the time to live go with packet time.
type store struct {
	name     string
	key      *keyExpr // nil: keys are given as values
	max      int
	ttl      int64 // since the last use; 0: no limit
	maxAge   int64 // since the entry was made; 0: no limit
	value    *glua.LFunction
	onExpire *glua.LFunction

	index       map[string]*entry
	first, last *entry // by last use, the latest first
	free        *entry
	keyBytes    int64
	valueBytes  int64    // of all values, as last measured
	dirty       []*entry // whose values may have changed since
	evicted     uint64
	expired     uint64
}

type entry struct {
	key        string
	value      glua.LValue
	made, used int64
	prev, next *entry
	size       int32 // of the value, bytes, as last measured
	dirty      bool  // it is in store.dirty
}

// Bounds of a store.
const (
	defaultEntries = 100e3
	maxEntries     = 10e6
	sizeOfEntry    = 160 // entry and its place in the index
)

func stateSection() section {
	return section{name: "State", doc: "What a script remembers. Everything is bounded; times are packet time. An entry of a store takes about 150 bytes with a number, 320 with a counter, a series or a small set; a table with names costs 750 bytes by itself, a list 100 and 16 for each element. Beside a store's own cap, a script has `scripts.limits.memory`, and all scripts together `scripts.limits.total` (96 MiB): past it the largest store of the largest script loses the half that was not used for longest.", funcs: []decl{
		{name: "store", sig: "fun(declaration: StoreDeclaration): Store", call: nidsStore,
			doc:     "A table with a cap and a time to live, which survives a reload of the script. `key` names fields: methods then take an event; without it they take values. `value` makes the value of a new key (a function, or a plain default; 0). `max` entries (100000) are kept, those not used for longest go first; `ttl` is since the last use, `max_age` since the entry was made. `on_expire(value, ...)` is called with what goes by time, and the parts of its key.",
			example: "local seen = nids.store { ttl = \"1h\", max = 1000 }\nseen:incr(\"10.0.0.1\")\nseen:incr(\"10.0.0.1\", 2) --> 3\nseen:get(\"10.0.0.2\") --> 0"},
		{name: "series", sig: "fun(max: number): Series", call: nidsSeries,
			doc:     "A series of events with a time and a size, of which the latest max are kept.",
			example: "local s = nids.series(100)\nfor i = 1, 30 do s:push(i * 60, 500) end\ns:median_gap() --> 60"},
		{name: "counter", sig: "fun(window: string|number, steps?: number): Counter", call: nidsCounter,
			doc:     "A count over a sliding window, in steps (12).",
			example: "local c = nids.counter(\"1m\")\nc:add(1) --> 1"},
		{name: "distinct", sig: "fun(window?: string|number, max?: number): Distinct", call: nidsDistinct,
			doc:     "Counts different values over a sliding window, exactly up to max (1024); without a window, for ever.",
			example: "local d = nids.distinct(\"10m\")\nd:add(22)\nd:add(80)\nd:add(22) --> 2"},
		spikesDecl(),
		{name: "hll", sig: "fun(): HyperLogLog", call: nidsHLL,
			doc:     "Estimates the number of different values (HyperLogLog, error about 0.8 %) in at most 16 kB.",
			example: "local h = nids.hll()\nfor i = 1, 100 do h:add(i % 10) end\nh:count() --> 10"},
		{name: "topk", sig: "fun(k: number, width?: number): TopK", call: nidsTopK,
			doc:     "Finds the values with the largest counts among any number of them: a count-min sketch with a list of the k largest.",
			example: "local t = nids.topk(2)\nt:add(\"a\", 5)\nt:add(\"b\")\nt:list()[1].key --> \"a\""},
	}}
}

func nidsStore(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.store")
	o := optionsAt(L, 1, "nids.store")
	s := v.newStore(L, o, "nids.store")
	s.onExpire = o.fn("on_expire")
	switch x := o.get("value").(type) {
	case *glua.LFunction:
		s.value = x
	case *glua.LNilType:
	case *glua.LTable, *glua.LUserData:
		L.RaiseError("nids.store: value must be a function that makes one for each key, or all keys would share it: value = function() return ... end")
	default:
		s.value = native(func(L *glua.LState) int { L.Push(x); return 1 })
	}
	L.Push(object("Store", s))
	return 1
}

// newStore makes a store with what all kinds of stores have, and registers it.
func (v *vm) newStore(L *glua.LState, o *options, what string) *store {
	s := &store{name: o.text("name", ""), ttl: o.duration("ttl", 0), maxAge: o.duration("max_age", 0),
		max: int(o.number("max", defaultEntries)), index: map[string]*entry{}}
	if s.max < 1 || s.max > maxEntries {
		L.RaiseError("%s: max must be from 1 to %d", what, int(maxEntries))
	}
	if key := o.text("key", ""); key != "" {
		s.key = v.compileKey(L, what, key)
	}
	v.bounded(L, len(v.stores), v.limits.Stores, "stores")
	v.stores = append(v.stores, s)
	if s.name == "" {
		s.name = "store" + string(appendNumber(nil, glua.LNumber(len(v.stores))))
	}
	return s
}

func (s *store) unlink(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		s.last = e.prev
	}
}

func (s *store) front(e *entry) {
	e.prev, e.next = nil, s.first
	if s.first != nil {
		s.first.prev = e
	} else {
		s.last = e
	}
	s.first = e
}

func (s *store) drop(e *entry) {
	s.unlink(e)
	delete(s.index, e.key)
	s.keyBytes -= int64(len(e.key))
	s.valueBytes -= int64(e.size)
	*e = entry{next: s.free}
	s.free = e
}

func (s *store) over(e *entry, now int64) bool {
	return s.ttl > 0 && e.used+s.ttl < now || s.maxAge > 0 && e.made+s.maxAge < now
}

// find gives the entry of a key that is still good.
func (s *store) find(v *vm, key []byte, now int64) *entry {
	e := s.index[string(key)]
	if e == nil || !s.over(e, now) {
		return e
	}
	s.end(v, e)
	return s.index[string(key)] // on_expire may have made it again
}

// end drops an entry whose time is over and tells the script.
func (s *store) end(v *vm, e *entry) {
	s.expired++
	value, key := e.value, e.key
	s.drop(e)
	if s.onExpire == nil {
		return
	}
	L := v.L
	parts := decodeKey(key)
	L.Push(s.onExpire)
	L.Push(value)
	for _, p := range parts {
		L.Push(p)
	}
	if v.meter.running.Load()&1 == 1 {
		L.Call(1+len(parts), 0) // within a callback: its errors are the callback's
	} else {
		v.call(1 + len(parts))
	}
}

func (s *store) touch(e *entry, now int64) {
	e.used = max(e.used, now)
	if s.first != e {
		s.unlink(e)
		s.front(e)
	}
}

// add makes an entry, at the cap in the place of the one not used for longest.
func (s *store) add(key []byte, value glua.LValue, now int64) *entry {
	if len(s.index) >= s.max {
		s.evicted++
		s.drop(s.last)
	}
	e := s.free
	if e == nil {
		e = &entry{}
	} else {
		s.free = e.next
	}
	*e = entry{key: string(key), made: now, used: now}
	s.put(e, value)
	s.index[e.key] = e
	s.keyBytes += int64(len(key))
	s.front(e)
	return e
}

// halve drops the half that was not used for longest.
func (s *store) halve() {
	for n := len(s.index) / 2; n > 0; n-- {
		s.evicted++
		s.drop(s.last)
	}
	s.free = nil // entries that were dropped are not to be kept either
}

// expirePerTick bounds the work of one tick; the rest waits for the next.
const expirePerTick = 10000

// expire drops what is over, from the entry not used for longest on.
func (s *store) expire(v *vm, now int64) {
	if s.ttl == 0 && s.maxAge == 0 {
		return
	}
	for range expirePerTick {
		if v.stopped || s.last == nil || !s.over(s.last, now) {
			return
		}
		s.end(v, s.last)
	}
}

func (s *store) clear() {
	s.index, s.dirty = map[string]*entry{}, nil
	s.first, s.last, s.free, s.keyBytes, s.valueBytes = nil, nil, nil, 0, 0
}

// entryFor gives the entry of the key at argument n, and makes it where there is none.
func (s *store) entryFor(L *glua.LState, v *vm, n, last int) *entry {
	b := v.keyOf(L, v.buf[:0], s.key, n, last)
	v.keepBuf(b)
	now := v.rt.now
	if e := s.find(v, b, now); e != nil {
		s.touch(e, now)
		return e
	}
	if s.value == nil {
		return s.add(b, smallNumbers[0], now)
	}
	key := string(b) // the constructor may use the scratch space
	L.Push(s.value)
	L.Call(0, 1)
	value := L.Get(-1)
	L.Pop(1)
	return s.add([]byte(key), value, now)
}

func storeClass() *class {
	key := "key: Event|string|number|boolean, ...: string|number|boolean"
	return &class{name: "Store", doc: "A bounded table by key, made by nids.store. Where the store has a key expression, methods take the event; else one or more values.", methods: []decl{
		{name: "get", sig: "fun(self: Store, " + key + "): any", doc: "Gives the value of a key; a new key gets a new value.", call: storeGet},
		{name: "peek", sig: "fun(self: Store, " + key + "): any", doc: "Gives the value of a key, nil where there is none; does not count as use.", call: storePeek},
		{name: "set", sig: "fun(self: Store, key: Event|string|number|boolean, value: any)", doc: "Sets the value of a key of one part (or of an event).", call: storeSet},
		{name: "incr", sig: "fun(self: Store, key: Event|string|number|boolean, n?: number): number", doc: "Adds n (1) to the number of a key and gives the sum.", call: storeIncr},
		{name: "delete", sig: "fun(self: Store, " + key + "): boolean", doc: "Drops a key; tells whether it was there.", call: storeDelete},
		{name: "count", sig: "fun(self: Store): number", doc: "How many entries there are.", call: func(L *glua.LState) int {
			L.Push(glua.LNumber(len(self[*store](L, "Store").index)))
			return 1
		}},
		{name: "each", sig: "fun(self: Store, fn: fun(value: any, ...): boolean|nil)", doc: "Calls fn with each value and the parts of its key, the latest used first; false ends it.", call: storeEach},
		{name: "clear", sig: "fun(self: Store)", doc: "Drops everything.", call: func(L *glua.LState) int {
			self[*store](L, "Store").clear()
			return 0
		}},
	}}
}

func storeGet(L *glua.LState) int {
	s, v := self[*store](L, "Store"), vmOf(L)
	L.Push(s.shown(s.entryFor(L, v, 2, L.GetTop())))
	return 1
}

func storePeek(L *glua.LState) int {
	s, v := self[*store](L, "Store"), vmOf(L)
	b := v.keyOf(L, v.buf[:0], s.key, 2, L.GetTop())
	v.keepBuf(b)
	if e := s.find(v, b, v.rt.now); e != nil {
		L.Push(s.shown(e))
	} else {
		L.Push(glua.LNil)
	}
	return 1
}

func storeSet(L *glua.LState) int {
	s, v := self[*store](L, "Store"), vmOf(L)
	value := L.CheckAny(3)
	b := v.keyOf(L, v.buf[:0], s.key, 2, 2)
	v.keepBuf(b)
	if e := s.find(v, b, v.rt.now); e != nil {
		s.put(e, value)
		s.touch(e, v.rt.now)
	} else {
		s.add(b, value, v.rt.now)
	}
	return 0
}

func storeIncr(L *glua.LState) int {
	s, v := self[*store](L, "Store"), vmOf(L)
	n := float64(L.OptNumber(3, 1))
	e := s.entryFor(L, v, 2, 2)
	old, ok := e.value.(glua.LNumber)
	if !ok {
		L.RaiseError("incr: the value of this key is a %s, not a number", e.value.Type())
	}
	e.value = v.number(0, int64(float64(old)+n), true)
	if f := float64(old) + n; f != float64(int64(f)) {
		e.value = glua.LNumber(f)
	}
	L.Push(e.value)
	return 1
}

func storeDelete(L *glua.LState) int {
	s, v := self[*store](L, "Store"), vmOf(L)
	b := v.keyOf(L, v.buf[:0], s.key, 2, L.GetTop())
	v.keepBuf(b)
	e := s.index[string(b)]
	if e != nil {
		s.drop(e)
	}
	L.Push(glua.LBool(e != nil))
	return 1
}

func storeEach(L *glua.LState) int {
	s, fn := self[*store](L, "Store"), L.CheckFunction(2)
	// The script may change the store meanwhile: entries are taken down first.
	all := make([]*entry, 0, len(s.index))
	for e := s.first; e != nil; e = e.next {
		all = append(all, e)
	}
	vmOf(L).meter.charge(len(all))
	for _, e := range all {
		if e.key == "" || s.index[e.key] != e {
			continue
		}
		parts := decodeKey(e.key)
		L.Push(fn)
		L.Push(s.shown(e))
		for _, p := range parts {
			L.Push(p)
		}
		L.Call(1+len(parts), 1)
		stop := L.Get(-1) == glua.LFalse
		L.Pop(1)
		if stop {
			break
		}
	}
	return 0
}

// shape tells whether contents of one store fit another.
func (s *store) shape() string {
	if s.key == nil {
		return ""
	}
	return s.key.text
}

// take takes over the contents of t, less values that hold functions of the old script.
func (s *store) take(t *store) {
	for e := t.last; e != nil; e = e.prev {
		left := int(maxPortable)
		if portable(e.value, &left) {
			n := s.add([]byte(e.key), e.value, e.used)
			n.made = e.made
		}
	}
	s.evicted, s.expired = t.evicted, t.expired
}

// maxPortable is how many values one entry may hold to be taken over.
const maxPortable = 100e3

// portable tells whether a value is data, without functions and events; left bounds the search.
func portable(x glua.LValue, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch x := x.(type) {
	case *glua.LTable:
		ok := x.Metatable == glua.LNil
		x.ForEach(func(k, y glua.LValue) { ok = ok && portable(k, left) && portable(y, left) })
		return ok
	case *glua.LUserData:
		_, event := x.Value.(*view)
		_, group := x.Value.(*group)
		return !event && !group
	case *glua.LFunction:
		return false
	}
	return true
}
