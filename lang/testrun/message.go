package testrun

import "github.com/luanids/luanids/lang/ir"

// NewMessage makes a synthetic message with values by field name, for an Env.Tx that the fields
// of Schema read. The map must not be changed any more.
func NewMessage(values map[string][]ir.Value) any { return &message{values: values} }
