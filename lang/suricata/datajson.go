package suricata

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// Data sets in JSON: a list of objects, one of whose members is the value. The object that a value
// comes from is shown in the alert, below context_key.

// jsonOptions are the options of dataset that such sets have.
type jsonOptions struct {
	format              string // "", "json" or "ndjson"
	context, value, top string // keys, with dots between: of the alert's context, of the value, of the list
	remove              bool
}

// jsonContext gives the set its values, and the rule what they stand for.
func (b *builder) jsonContext(file string, o *setOptions) (*ir.Context, *problem) {
	if o.js.value == "" || o.js.context == "" || file == "" {
		return nil, fail("the format %s wants load, value_key and context_key", o.js.format)
	}
	text, err := b.l.readFile(file)
	if err != nil {
		return nil, err
	}
	objects, err := jsonObjects(text, &o.js)
	if err != nil {
		return nil, err
	}
	ctx := &ir.Context{Key: o.js.context, Values: make(map[string]string, len(objects))}
	for _, obj := range objects {
		inner, key := jsonPath(obj, o.js.value)
		s, ok := inner[key].(string)
		if !ok {
			return nil, fail("an object in the file has no text %s", o.js.value)
		}
		value, err := jsonValue(o.kind, s)
		if err != nil {
			return nil, err
		}
		if o.js.remove {
			delete(inner, key)
		}
		shown, bad := json.Marshal(obj)
		if bad != nil {
			return nil, fail("%v", bad)
		}
		if _, twice := ctx.Values[string(value)]; !twice { // the first counts
			ctx.Values[string(value)] = string(shown)
		}
	}
	return ctx, nil
}

// jsonValue reads a value: text stands there as it is.
func jsonValue(kind, s string) ([]byte, *problem) {
	if kind == "string" {
		return []byte(s), nil
	}
	return setValue(kind, s)
}

func jsonObjects(text []byte, o *jsonOptions) (list []map[string]any, p *problem) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if o.format == "ndjson" {
		for dec.More() {
			var obj map[string]any
			if err := dec.Decode(&obj); err != nil {
				return nil, fail("the file is no list of JSON objects, one a line: %v", err)
			}
			list = append(list, obj)
		}
		return list, nil
	}
	var all any
	if err := dec.Decode(&all); err != nil {
		return nil, fail("the file is no JSON: %v", err)
	}
	if o.top != "" {
		obj, _ := all.(map[string]any)
		inner, key := jsonPath(obj, o.top)
		all = inner[key]
	}
	items, ok := all.([]any)
	if !ok {
		return nil, fail("the file has no list where it is looked for")
	}
	for _, it := range items {
		obj, ok := it.(map[string]any)
		if !ok {
			return nil, fail("the list has members that are no objects")
		}
		list = append(list, obj)
	}
	return list, nil
}

// jsonPath follows a dotted key down to the object that has its last part.
func jsonPath(obj map[string]any, path string) (inner map[string]any, key string) {
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		obj, _ = obj[p].(map[string]any)
	}
	return obj, parts[len(parts)-1]
}
