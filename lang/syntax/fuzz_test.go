package syntax

import (
	"testing"
	"time"
)

// FuzzParse wants no panic, no parse that takes long, and a printed form that parses to the same.
func FuzzParse(f *testing.F) {
	for _, src := range corpus(f) {
		if len(src) < 8<<10 {
			f.Add(src)
		}
	}
	f.Add("rule A { when ((((((((((((((((((((")
	f.Add("rule A { when not not not - - - - x[1] }")
	f.Add("rule A { when any(a: any(b: c)) and a in {..5, 5.., ::1..::2} }")
	f.Add("rule A { when a has [base64 has [base64 has [!\"x\" at -5]]] }")
	f.Add("dataset \"a\" limit 3 = {10.0.0.1 = '1', \"x\", 2001:db8::1 = '\\\"two\\\"', x\"00\"}\ndataset \"b\" = names # why")
	f.Add("rule \"A b\" { when a[-1] == b[0] and p has [!entropy between 1.0..2.0 as x] context \"k\" from dataset(\"a\", b[\"H\"]) alert metadata \"odd key\" 1, k \"v\" }")
	f.Add("test A { 5 of x { a[\"b\"] {1, 2} } every 1s then y {} alerts 1 } # c")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 64<<10 {
			return
		}
		begin := time.Now()
		tree, list := Parse(src, start)
		if d := time.Since(begin); d > time.Second {
			t.Errorf("took %v", d)
		}
		if len(list) > 0 {
			return
		}
		once := formatted(t, src)
		again, list := Parse(once, start)
		if len(list) > 0 {
			t.Fatalf("the printed form does not parse: %v\n%s", list[0], once)
		}
		if shape(again) != shape(tree) {
			t.Fatalf("printing changes it:\n%s\n---\n%s", shape(tree), shape(again))
		}
		if len(again.Comments) != len(tree.Comments) {
			t.Fatalf("%d comments became %d:\n%s", len(tree.Comments), len(again.Comments), once)
		}
		if twice := formatted(t, once); twice != once {
			t.Fatalf("printing again changes it:\n%s\n---\n%s", once, twice)
		}
	})
}
