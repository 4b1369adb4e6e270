package command

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"dev.sandboxed/native/agent/failure"
)

// find returns the file to execute, as the shell would find it.
func find(name, path, cwd string) (string, error) {
	if name == "" {
		return "", failure.Newf(failure.Invalid, "the command is empty")
	}
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(cwd, name)
		}
		return name, executable(name)
	}
	var denied error
	for _, directory := range strings.Split(path, ":") {
		if !filepath.IsAbs(directory) {
			directory = filepath.Join(cwd, directory)
		}
		candidate := filepath.Join(directory, name)
		err := executable(candidate)
		if err == nil {
			return candidate, nil
		}
		if failure.Of(err, "").Kind == failure.CommandNotExecutable {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", failure.AtPath(failure.CommandNotFound, name, "command %q not found, PATH is %q", name, path)
}

func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR):
		return failure.AtPath(failure.CommandNotFound, path, "command %q not found: there is no such file", path)
	case err != nil:
		return failure.AtPath(failure.CommandNotExecutable, path, "command %q cannot be executed: %v", path, err)
	case info.IsDir():
		return failure.AtPath(failure.CommandNotExecutable, path, "command %q cannot be executed: it is a directory", path)
	case info.Mode()&0o111 == 0:
		return failure.AtPath(failure.CommandNotExecutable, path,
			"command %q cannot be executed: its mode %04o has no x bit", path, info.Mode().Perm())
	}
	return nil
}

// explain turns the error of a failed start into an answer. The system says the same for a command without a usable
// interpreter as for one that is missing, but that it is there has been seen already.
func explain(err error, path, cwd string) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return failure.AtPath(failure.CommandNotExecutable, path,
			"command %q cannot be executed: the interpreter or loader it names does not exist in the sandbox", path)
	case errors.Is(err, syscall.ENOEXEC):
		return failure.AtPath(failure.CommandNotExecutable, path,
			"command %q cannot be executed: it is neither a program for this machine nor a script with a #! line", path)
	case errors.Is(err, syscall.EACCES):
		return failure.AtPath(failure.CommandNotExecutable, path,
			"command %q cannot be executed: the user may not execute it, or may not enter the directory %q", path, cwd)
	case errors.Is(err, syscall.E2BIG):
		return failure.Newf(failure.TooLarge, "arguments and environment of command %q are too long", path)
	}
	return failure.AtPath(failure.IO, path, "command %q could not be started: %v", path, err)
}
