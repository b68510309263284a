package experiment

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ReadResults reads a results file, one JSON line a run. A last line that was cut short by a crash is left out; any other
// bad line is an error that names it. No file is no result.
func ReadResults(path string) ([]Result, error) {
	lines, err := readLines[Result](path)
	var results []Result
	for _, line := range lines {
		results = append(results, line.value)
	}
	return results, err
}

// line is a line of JSON, with its bytes up to its line end.
type line[T any] struct {
	value T
	text  []byte
}

// String is its text.
func (l line[T]) String() string { return string(l.text) }

// readLines reads a file as [ReadResults] does.
func readLines[T any](path string) ([]line[T], error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("experiment: reading results: %w; choose a folder that can be read and written", err)
	}
	var all []line[T]
	lines := bufio.NewReader(bytes.NewReader(data))
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what follows the last line end was cut short
			return all, nil
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		one := line[T]{text: text}
		if err := json.Unmarshal(text, &one.value); err != nil {
			return nil, fmt.Errorf("experiment: results file %s, line %d: %w; mend or delete the line", path, number, err)
		}
		all = append(all, one)
	}
}

// appendLine adds one line of JSON and waits until it is on the disk. A line cut short before is removed first. The folder's
// file lock keeps out another process meanwhile, whose line is not whole until it is written.
func appendLine(path string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("experiment: encoding a result: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("experiment: making the results folder: %w; choose one that can be written to", err)
	}
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("experiment: locking results: %w; choose a folder that can be written to", err)
	}
	defer func() { _ = lock.Unlock() }() // of what is held; the end of the process would do
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("experiment: opening results: %w; choose a folder that can be written to", err)
	}
	if err = wholeLines(file); err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("experiment: writing results: %w; free some space, the finished run is kept in its own folder", err)
	}
	return nil
}

// wholeLines cuts off what follows the last line end.
func wholeLines(file *os.File) error {
	data, err := io.ReadAll(file)
	if end := bytes.LastIndexByte(data, '\n') + 1; err == nil && end < len(data) {
		err = file.Truncate(int64(end))
	}
	return err
}
