package main

import (
	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
)

func loadRules(e *env, f *flags, cfg *engine.Config, say *messages) error { return nil }

func newCheck(e *env) *cobra.Command { return &cobra.Command{Use: "check"} }
