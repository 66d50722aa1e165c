package manager

// table is a map of at most max entries that remembers in which order they were put. When it is
// full the oldest goes. All that depends on order is the same in every run.
type table[K comparable, V any] struct {
	max     int
	entries map[K]*entry[K, V]
	root    entry[K, V] // root.next is the oldest
	evicted uint64
}

type entry[K comparable, V any] struct {
	key        K
	value      V
	prev, next *entry[K, V]
}

func newTable[K comparable, V any](limit int) *table[K, V] {
	t := &table[K, V]{max: max(limit, 1), entries: map[K]*entry[K, V]{}}
	t.root.prev, t.root.next = &t.root, &t.root
	return t
}

// get finds an entry, nil when there is none.
func (t *table[K, V]) get(k K) *V {
	if e := t.entries[k]; e != nil {
		return &e.value
	}
	return nil
}

// put makes an entry, or takes the one that is there, and makes it the newest.
func (t *table[K, V]) put(k K) *V {
	e := t.entries[k]
	if e == nil {
		if len(t.entries) >= t.max {
			t.evicted++
			t.remove(t.root.next.key)
		}
		e = &entry[K, V]{key: k}
		t.entries[k] = e
	} else {
		e.prev.next, e.next.prev = e.next, e.prev
	}
	last := t.root.prev
	e.prev, e.next = last, &t.root
	last.next, t.root.prev = e, e
	return &e.value
}

// oldest gives the oldest entry.
func (t *table[K, V]) oldest() (k K, v *V, ok bool) {
	if len(t.entries) == 0 {
		return k, nil, false
	}
	return t.root.next.key, &t.root.next.value, true
}

func (t *table[K, V]) remove(k K) {
	if e := t.entries[k]; e != nil {
		e.prev.next, e.next.prev = e.next, e.prev
		delete(t.entries, k)
	}
}
