package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// openTables replaces what of the library table could take long or make long strings.
func openTables(v *vm) {
	L := v.L
	glua.OpenTable(L)
	L.SetTop(0)
	m := L.G.Global.RawGetString("table").(*glua.LTable)
	sortOf := m.RawGetString("sort").(*glua.LFunction)
	m.RawSetString("sort", L.NewFunction(func(L *glua.LState) int {
		n := L.CheckTable(1).Len()
		vmOf(L).meter.charge(n * 8)
		return sortOf.GFunction(L)
	}))
	for name, fn := range map[string]glua.LGFunction{"concat": tblConcat, "insert": tblInsert, "remove": tblRemove} {
		m.RawSetString(name, L.NewFunction(fn))
	}
}

func tblConcat(L *glua.LState) int {
	v := vmOf(L)
	t, sep := L.CheckTable(1), L.OptString(2, "")
	from, to := L.OptInt(3, 1), L.OptInt(4, t.Len())
	var b []byte
	for i := from; i <= to; i++ {
		x := t.RawGet(glua.LNumber(i))
		s, ok := plain(x)
		if !ok {
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", x.Type(), i)
		}
		b = append(b, s...)
		if i < to {
			b = append(b, sep...)
		}
		if len(b) > v.limits.StringBytes {
			v.tooLong(L)
		}
	}
	v.meter.charge(len(b)>>6 + max(to-from, 0)/4)
	L.Push(glua.LString(b))
	return 1
}

func tblInsert(L *glua.LState) int {
	t := L.CheckTable(1)
	switch L.GetTop() {
	case 2:
		t.Append(L.Get(2))
	case 3:
		pos := L.CheckInt(2)
		n := t.Len()
		if pos < 1 || pos > n+1 {
			L.RaiseError("bad position %d for a list of %d", pos, n)
		}
		vmOf(L).meter.charge((n - pos) / 16)
		t.Insert(pos, L.Get(3))
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

func tblRemove(L *glua.LState) int {
	t := L.CheckTable(1)
	n := t.Len()
	pos := L.OptInt(2, n)
	if n == 0 || pos < 1 || pos > n {
		L.Push(glua.LNil)
		return 1
	}
	vmOf(L).meter.charge((n - pos) / 16)
	L.Push(t.Remove(pos))
	return 1
}
