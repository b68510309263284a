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
)

// ReadResults reads a results file, one JSON line a run. A last line that was cut short by a crash is left out; any other
// bad line is an error that names it. No file is no result.
func ReadResults(path string) ([]Result, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("experiment: reading results: %w; choose a folder that can be read and written", err)
	}
	var results []Result
	lines := bufio.NewReader(bytes.NewReader(data))
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what follows the last line end was cut short
			return results, nil
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var result Result
		if err := json.Unmarshal(line, &result); err != nil {
			return nil, fmt.Errorf("experiment: results file %s, line %d: %w; mend or delete the line", path, number, err)
		}
		results = append(results, result)
	}
}

// appendLine adds one line of JSON and waits until it is on the disk. A line cut short before is removed first.
func appendLine(path string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("experiment: encoding a result: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("experiment: making the results folder: %w; choose one that can be written to", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("experiment: opening results: %w; choose a folder that can be written to", err)
	}
	end, err := wholeLines(file)
	if err == nil {
		_, err = file.WriteAt(append(line, '\n'), end)
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("experiment: writing results: %w; free some space, the finished run is kept in its own folder", err)
	}
	return nil
}

// wholeLines cuts off what follows the last line end, and returns the length that is left.
func wholeLines(file *os.File) (int64, error) {
	data, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	end := int64(bytes.LastIndexByte(data, '\n') + 1)
	return end, file.Truncate(end)
}
