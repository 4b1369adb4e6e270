package isolate

import (
	"os"
	"path/filepath"
	"strings"
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
