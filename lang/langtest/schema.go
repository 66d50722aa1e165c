// Package langtest has what the tests of the rule language share.
package langtest

import (
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/packetfields"
	"github.com/luanids/luanids/dissect/protocols"
)

// Schema is the engine's whole schema.
var Schema = sync.OnceValue(func() *dissect.Schema {
	s, err := dissect.NewSchema(protocols.All(func(string) map[string]string { return nil }), append(packetfields.Fields(), filefields.Fields()...))
	if err != nil {
		panic(err)
	}
	return s
})
