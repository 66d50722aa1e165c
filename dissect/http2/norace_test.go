//go:build !race

package http2

const underRace = false
