package eve

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

type carrier struct{ id uint64 }

func (c *carrier) TxID() uint64 { return c.id }

type noHost struct{ dissect.Host }

func (noHost) FileEvent(*dissect.Env, bool) {}

// TestFilesOfAlerts wants an alert on a message to tell of the file that the message carries in the alert's direction, also when the
// memory of messages and files was used again.
func TestFilesOfAlerts(t *testing.T) {
	limits, flow, tx := dissect.DefaultLimits(), dissect.Flow{}, carrier{id: 7}
	c := &dissect.Ctx{Limits: &limits, Host: noHost{}}
	c.Flow, c.Dir = &flow, dissect.ToClient
	var f, direct dissect.File
	c.OpenFile(&f, []byte("a"), &tx)
	f.TxID = 7
	for _, tt := range []struct {
		name string
		env  dissect.Env
		want *dissect.File
	}{
		{"its message", dissect.Env{Flow: &flow, Dir: dissect.ToClient, Tx: &tx}, &f},
		{"the other direction", dissect.Env{Flow: &flow, Dir: dissect.ToServer, Tx: &tx}, nil},
		{"another message", dissect.Env{Flow: &flow, Dir: dissect.ToClient, Tx: &carrier{id: 7}}, nil},
		{"no message", dissect.Env{Flow: &flow, Dir: dissect.ToClient}, nil},
		{"no flow", dissect.Env{Tx: &tx}, nil},
		{"about a file", dissect.Env{Flow: &flow, Dir: dissect.ToClient, Tx: &tx, File: &direct}, &direct},
	} {
		if got := fileOf(&tt.env); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	tx.id++
	if got := fileOf(&dissect.Env{Flow: &flow, Dir: dissect.ToClient, Tx: &tx}); got != nil {
		t.Errorf("the next message in the same memory has the file of the last one")
	}
}
