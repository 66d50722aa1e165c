package engine

import "github.com/luanids/luanids/engine/alert"

func (o *ordered) withGeo(line []byte, a *alert.Alert) []byte { return line }
func (o *ordered) locate(a *alert.Alert)                      {}
