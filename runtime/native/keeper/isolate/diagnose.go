package isolate

import (
	"os"
	"strings"
)

// setting is a switch of the kernel by which a host forbids what a sandbox needs.
type setting struct {
	path, forbids, because, fix string
}

var settings = []setting{
	{"user/max_user_namespaces", "0", "user namespaces are switched off",
		"sysctl -w user.max_user_namespaces=15000"},
	{"kernel/unprivileged_userns_clone", "0", "user namespaces are reserved for root",
		"sysctl -w kernel.unprivileged_userns_clone=1"},
	{"kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor restricts user namespaces of ordinary users",
		"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with the rule userns for the keeper"},
}

// Diagnose says why this host may refuse namespaces and what to do about it, or nothing if it does not look so.
func Diagnose() (because, fix string) { return diagnose("/proc/sys") }

func diagnose(directory string) (because, fix string) {
	for _, s := range settings {
		content, err := os.ReadFile(directory + "/" + s.path)
		if err == nil && strings.TrimSpace(string(content)) == s.forbids {
			return s.because + " (" + strings.ReplaceAll(s.path, "/", ".") + " is " + s.forbids + ")", "run as root: " + s.fix
		}
	}
	return "", ""
}

// explanation is Diagnose in a sentence.
func explanation() string {
	because, fix := Diagnose()
	if because == "" {
		because = "the host refuses new namespaces, as containers without privileges do"
		fix = "in a container, allow it the system calls clone, unshare and mount (for Docker: --security-opt seccomp=unconfined " +
			"--security-opt apparmor=unconfined --security-opt systempaths=unconfined)"
	}
	return because + "; " + fix
}
