package manager

import "github.com/luanids/luanids/dissect/aged"

// table is a map of at most max entries that remembers in which order they were put. When it is
// full the oldest goes. All that depends on order is the same in every run.
type table[K comparable, V any] struct {
	max     int
	entries map[K]*entry[K, V]
	order   aged.List[entry[K, V], *entry[K, V]]
	evicted uint64
}

type entry[K comparable, V any] struct {
	aged.Links[entry[K, V]]
	key   K
	value V
}

func newTable[K comparable, V any](limit int) *table[K, V] {
	return &table[K, V]{max: max(limit, 1), entries: map[K]*entry[K, V]{}}
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
	if e != nil {
		t.order.Touch(e)
		return &e.value
	}
	if len(t.entries) >= t.max {
		t.evicted++
		t.remove(t.order.Oldest().key)
	}
	e = &entry[K, V]{key: k}
	t.entries[k] = e
	t.order.Add(e)
	return &e.value
}

// oldest gives the oldest entry.
func (t *table[K, V]) oldest() (k K, v *V, ok bool) {
	e := t.order.Oldest()
	if e == nil {
		return k, nil, false
	}
	return e.key, &e.value, true
}

func (t *table[K, V]) remove(k K) {
	if e := t.entries[k]; e != nil {
		t.order.Remove(e)
		delete(t.entries, k)
	}
}
