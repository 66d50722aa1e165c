package check

import (
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// flagEffect gives the effect that a word by itself stands for.
func flagEffect(word string) ir.Effect {
	switch word {
	case "nolog":
		return &ir.NoLog{}
	case "nolog_flow":
		return &ir.NoLog{Flow: true}
	case "tlsstore":
		return &ir.StoreCerts{}
	case "bypass":
		return &ir.Bypass{}
	case "untracked":
		return &ir.Untracked{}
	}
	return storeFile(strings.TrimPrefix(word, "filestore"))
}

// storeFile reads what follows filestore in the word: _message or _flow, and _to_server or _to_client.
func storeFile(word string) *ir.StoreFile {
	out := &ir.StoreFile{}
	if scope, side, ok := strings.Cut(word, "_to_"); ok {
		word, out.Side = scope, "to_"+side
	}
	out.Scope = strings.TrimPrefix(word, "_")
	return out
}

var severities = []string{"info", "low", "medium", "high", "critical"}

func (b *body) severity(w *syntax.Word) ir.Severity {
	if w.Text == "informational" {
		return ir.Info
	}
	for i, s := range severities {
		if s == w.Text {
			return ir.Severity(i + 1)
		}
	}
	b.report(diag.BadChoice(w.Range(), "severity", w.Text, diag.Nearest(w.Text, severities), severities))
	return ir.NoSeverity
}
