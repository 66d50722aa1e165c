package engine

import "github.com/luanids/luanids/engine/alert"

type alertPcaps struct{}

func (p *alertPcaps) reported(a *alert.Alert) {}
