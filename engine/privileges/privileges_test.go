package privileges

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	users := map[string]*user.User{
		"luanids": {Username: "luanids", Uid: "990", Gid: "991"},
		"nobody":  {Username: "nobody", Uid: "65534", Gid: "65534"},
		"odd":     {Username: "odd", Uid: "S-1-5", Gid: "1"},
	}
	for _, c := range []struct {
		want    string
		uid     int
		without string
		name    string
		change  bool
		err     string
	}{
		{"", 0, "", "luanids", true, ""},
		{"", 0, "luanids", "nobody", true, ""},
		{"", 0, "both", "", false, "adduser --system"},
		{"nobody", 0, "", "nobody", true, ""},
		{"root", 0, "", "root", false, ""},
		{"", 4242, "", "4242", false, ""},
		{"4242", 4242, "", "4242", false, ""},
		{"luanids", 4242, "", "", false, "only root can become somebody else"},
		{"ghost", 0, "", "", false, "user ghost does not exist"},
		{"odd", 0, "", "", false, "user odd"},
	} {
		got, err := choose(c.want, c.uid, c.uid, func(name string) (*user.User, error) {
			if u := users[name]; u != nil && c.without != name && c.without != "both" {
				return u, nil
			}
			return nil, errors.New("no such user")
		})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v", c, err)
			}
			continue
		}
		if err != nil || got.name != c.name || got.change != c.change {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"rules", "elsewhere"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	real, link := filepath.Join(dir, "elsewhere", "x.nids"), filepath.Join(dir, "rules", "link.nids")
	if err := os.WriteFile(real, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in, dirs, files []string
	}{
		{[]string{filepath.Join(dir, "rules")}, []string{filepath.Join(dir, "rules")}, nil},
		{[]string{link}, []string{filepath.Join(dir, "elsewhere"), filepath.Join(dir, "rules")}, nil},
		{[]string{filepath.Join(dir, "rules", "to-come.json")}, []string{filepath.Join(dir, "rules")}, nil},
		{[]string{filepath.Join(dir, "no", "such"), "", "-"}, nil, nil},
		{[]string{"/dev/null"}, nil, []string{"/dev/null"}},
		{[]string{"/file-in-root"}, nil, nil},
	} {
		dirs, files := folders(c.in)
		if !slices.Equal(dirs, c.dirs) || !slices.Equal(files, c.files) {
			t.Errorf("%v: %v and %v, not %v and %v", c.in, dirs, files, c.dirs, c.files)
		}
	}
}
