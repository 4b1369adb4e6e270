package limits

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

func TestAProcessThatDidNotEnterIsMoved(t *testing.T) {
	l := Host{}.Prepare(Request{ID: fmt.Sprintf("moved-%d", os.Getpid()), PIDs: 100})
	defer func() {
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}()
	if len(l.groups) == 0 {
		t.Skip("this user may make no cgroups here")
	}
	child := exec.Command("/bin/cat")
	end, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range l.groups {
		if g.holds(child.Process.Pid) {
			t.Fatalf("%s holds it already", g.path)
		}
	}
	l.Confirm(child.Process.Pid)
	for _, g := range l.groups {
		if !g.holds(child.Process.Pid) {
			t.Errorf("%s does not hold it", g.path)
		}
	}
	end.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
}
