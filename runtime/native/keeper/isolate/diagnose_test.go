package isolate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestSwitchesOfTheKernelAreNamedWithTheirFix(t *testing.T) {
	for path, value := range map[string]string{
		"user/max_user_namespaces":                     "0",
		"kernel/unprivileged_userns_clone":             "0",
		"kernel/apparmor_restrict_unprivileged_userns": "1",
	} {
		directory := t.TempDir()
		if err := os.Mkdir(filepath.Join(directory, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if because, _ := diagnose(directory); because != "" {
			t.Fatal(because)
		}
		if err := os.WriteFile(filepath.Join(directory, path), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		name := strings.ReplaceAll(path, "/", ".")
		because, fix := diagnose(directory)
		if !strings.Contains(because, name) || !strings.Contains(fix, "sysctl -w "+name) {
			t.Errorf("%q %q", because, fix)
		}
	}
}

func TestIDsOfANamespaceAreMappedToThemselves(t *testing.T) {
	got := sameIDs("         0     100000      65536\n     70000          5          1\n")
	want := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}, {ContainerID: 70000, HostID: 70000, Size: 1}}
	if !slices.Equal(got, want) {
		t.Fatal(got)
	}
	if got := sameIDs("nonsense"); got != nil {
		t.Fatal(got)
	}
}
