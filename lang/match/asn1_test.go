package match

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

func TestASN1(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		item       ir.ASN1
		want       bool
	}{
		{"long string", "30820903" + "04820900", ir.ASN1{Oversize: 2048}, true},
		{"long enough, but not longer", "30068204" + "61626364", ir.ASN1{Oversize: 6}, false},
		{"within a sequence of indefinite length", "3080" + "0402aabb" + "04840000ffff", ir.ASN1{Oversize: 1000}, true},
		{"bit string with 7 unused bits", "0302" + "07ff", ir.ASN1{Bitstring: true}, false},
		{"bit string with 255 unused bits", "300403" + "02ffff", ir.ASN1{Bitstring: true}, true},
		{"real in text", "098201ff" + "03" + strings.Repeat("31", 20), ir.ASN1{Double: true}, true},
		{"binary real", "0903" + "80fb05", ir.ASN1{Double: true}, false},
		{"behind an offset", "ffff" + "0302ffff", ir.ASN1{Bitstring: true, Offset: 2}, true},
		{"long tag", "1f8f7f" + "0400010203" + "0302ff00", ir.ASN1{Bitstring: true}, true},
		{"offset past the end", "0302ffff", ir.ASN1{Bitstring: true, Offset: 9}, false},
		{"cut off", "30", ir.ASN1{Oversize: 1}, false},
		{"length of nine bytes", "0489ffffffffffffffffff", ir.ASN1{Oversize: 1}, false},
	} {
		b, err := hex.DecodeString(tt.data)
		if err != nil {
			t.Fatal(tt.name, err)
		}
		r := &inspection{buf: b}
		if got := r.asn1(&item{kind: kASN1, numeric: &numeric{asn: &tt.item}}, 0); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	// From the end of a match on, also before it.
	r := &inspection{buf: []byte("x\x03\x02\xff\xff")}
	it := &item{kind: kASN1, relative: true, numeric: &numeric{asn: &ir.ASN1{Bitstring: true, Relative: true, Offset: -1}}}
	if !r.asn1(it, 2) || r.asn1(it, 3) || r.asn1(it, 0) {
		t.Error("relative offsets")
	}
}
