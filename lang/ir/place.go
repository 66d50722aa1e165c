package ir

import (
	"fmt"
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

// MaxPlace bounds the place of a value that a rule names.
const MaxPlace = 1 << 16

// Place is the field of one of the values of a list, n from 0 on or, from -1 for the last, counted from the end: dns.answers.ip[0]. It
// is absent where the list is shorter.
func Place(list *dissect.Field, n int) *dissect.Field {
	f := *list
	f.Name, f.Multi, f.IntN, f.BytesN, f.IPN, f.Alias = fmt.Sprintf("%s[%d]", list.Name, n), false, nil, nil, nil, nil
	switch {
	case list.IntN != nil:
		f.Int = func(e *dissect.Env) (int64, bool) {
			return list.IntN(e, where(n, func(i int) bool { _, ok := list.IntN(e, i); return ok }))
		}
	case list.IPN != nil:
		f.IP = func(e *dissect.Env) (netip.Addr, bool) {
			return list.IPN(e, where(n, func(i int) bool { _, ok := list.IPN(e, i); return ok }))
		}
	default:
		f.Bytes = func(e *dissect.Env) []byte {
			v, _ := list.BytesN(e, where(n, func(i int) bool { _, ok := list.BytesN(e, i); return ok }))
			return v
		}
	}
	return &f
}

// where is a place counted from 0; places below 0 count from the end. What is before the first is beyond the last.
func where(n int, there func(i int) bool) int {
	if n >= 0 {
		return n
	}
	count := 0
	for count < MaxPlace && there(count) {
		count++
	}
	if count+n < 0 {
		return MaxPlace
	}
	return count + n
}
