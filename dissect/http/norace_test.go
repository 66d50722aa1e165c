//go:build !race

package http

const underRace = false
