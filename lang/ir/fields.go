package ir

import "github.com/luanids/luanids/dissect"

// Fields appends to list the fields that a condition or value names, from left to right; one that is named twice is there twice.
func Fields(x Expr, list []*dissect.Field) []*dissect.Field {
	switch x := x.(type) {
	case *And:
		return fieldsOfAll(x.X, list)
	case *Or:
		return fieldsOfAll(x.X, list)
	case *Call:
		return fieldsOfAll(x.Args, list)
	case *Not:
		return Fields(x.X, list)
	case *Cmp:
		return Fields(x.Y, Fields(x.X, list))
	case *StrTest:
		return Fields(x.Y, Fields(x.X, list))
	case *Arith:
		return Fields(x.Y, Fields(x.X, list))
	case *In:
		return Fields(x.X, list)
	case *Match:
		return Fields(x.X, list)
	case *Exists:
		return Fields(x.X, list)
	case *Content:
		return Fields(x.Buf, list)
	case *Rep:
		return Fields(x.X, list)
	case *InDataset:
		return Fields(x.X, list)
	case *HostBit:
		return fieldsOfAll(x.Key, list)
	case *HostInt:
		return fieldsOfAll(x.Key, list)
	case *Transform:
		return Fields(x.X, list)
	case *Len:
		return Fields(x.X, list)
	case *Quant:
		return Fields(x.Body, append(list, x.F))
	case *Field:
		return append(list, x.F)
	case *Elem:
		return append(list, x.F)
	case *Count:
		return append(list, x.F)
	}
	return list
}

func fieldsOfAll(xs []Expr, list []*dissect.Field) []*dissect.Field {
	for _, x := range xs {
		list = Fields(x, list)
	}
	return list
}
