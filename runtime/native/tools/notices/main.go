// Command notices writes the licences of everything that is linked into a Go program.
//
// Usage, in the directory of the program's module:
//
//	notices OUT PACKAGE [PACKAGE...]
//
// OUT becomes a text file with, for Go itself and for each module that has a package in the
// programs, the module's name and version and the text of its licence and notice files.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

const goTitle = "The Go standard library and runtime"

// A linkedPackage is what "go list -json" says of a package, as far as needed here.
type linkedPackage struct {
	ImportPath string
	Dir        string
	Standard   bool
	Module     *struct {
		Path    string
		Version string
		Dir     string
		Main    bool
	}
}

// A module has parts linked into the programs, and the licence files that speak of those parts.
type module struct {
	title string
	files map[string]bool
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: notices OUT PACKAGE [PACKAGE...]")
	}
	packages, err := list(args[1:])
	if err != nil {
		return err
	}
	modules, err := collect(packages)
	if err != nil {
		return err
	}
	text, err := render(modules)
	if err != nil {
		return err
	}
	// Left alone when nothing changed, so that what is made of it need not be made again.
	if old, err := os.ReadFile(args[0]); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
		return err
	}
	return os.WriteFile(args[0], text, 0o644)
}

func list(patterns []string) ([]linkedPackage, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,Module"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing what %s is made of: %w", strings.Join(patterns, " "), err)
	}
	var packages []linkedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p linkedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the answer of go list: %w", err)
		}
		packages = append(packages, p)
	}
}

func collect(packages []linkedPackage) (map[string]*module, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("asking for GOROOT: %w", err)
	}
	goroot := strings.TrimSpace(string(root))
	modules := map[string]*module{}
	for _, p := range packages {
		title, top := goTitle, goroot
		if !p.Standard {
			if p.Module == nil {
				return nil, fmt.Errorf("package %s belongs to no module", p.ImportPath)
			}
			if p.Module.Main {
				continue
			}
			title, top = p.Module.Path+" "+p.Module.Version, p.Module.Dir
		}
		m := modules[title]
		if m == nil {
			m = &module{title: title, files: map[string]bool{}}
			modules[title] = m
		}
		if p.Standard {
			p.Dir = goroot
		}
		if err := m.addFiles(p.Dir, top); err != nil {
			return nil, err
		}
	}
	return modules, nil
}

// addFiles adds the licence files of a package's directory and of those above it, up to top.
func (m *module) addFiles(dir, top string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.IsDir() && isLicence(e.Name()) {
				m.files[filepath.Join(dir, e.Name())] = true
			}
		}
		if dir == top || len(dir) <= len(top) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

func isLicence(name string) bool {
	upper := strings.ToUpper(name)
	if strings.HasSuffix(upper, ".GO") {
		return false
	}
	for _, prefix := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return false
}

func render(modules map[string]*module) ([]byte, error) {
	titles := make([]string, 0, len(modules))
	for title := range modules {
		titles = append(titles, title)
	}
	sort.Strings(titles)
	rule := strings.Repeat("=", 80)
	var out bytes.Buffer
	fmt.Fprintf(&out, "The programs in this archive contain code of the following projects.\n")
	for _, title := range titles {
		m := modules[title]
		if len(m.files) == 0 && title != goTitle {
			return nil, fmt.Errorf("%s has no licence file", title)
		}
		files := make([]string, 0, len(m.files))
		for file := range m.files {
			files = append(files, file)
		}
		sort.Strings(files)
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n", rule, title, rule)
		if len(files) == 0 {
			// Some distributions keep it outside GOROOT.
			fmt.Fprintf(&out, "\nThe licence is at https://go.dev/LICENSE.\n")
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "\n%s:\n\n%s\n", filepath.Base(file), bytes.TrimSpace(text))
		}
	}
	return out.Bytes(), nil
}
