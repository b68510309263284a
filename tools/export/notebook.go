package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// notebook is what we read of an .ipynb file.
type notebook struct {
	Format int    `json:"nbformat"`
	Cells  []cell `json:"cells"`
}

// cell is one cell; its number is its index in the notebook plus 1.
type cell struct {
	Type   string `json:"cell_type"` // "markdown", "code" or "raw"
	Source source `json:"source"`
}

// source is a cell's text. A file has it as a string or as a list of lines, each with its newline.
type source string

// UnmarshalJSON reads both forms.
func (s *source) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err == nil {
		*s = source(strings.Join(lines, ""))
	} else if err := json.Unmarshal(data, (*string)(s)); err != nil {
		return errors.New("a cell's source is neither a string nor a list of strings")
	}
	*s = source(strings.ReplaceAll(string(*s), "\r\n", "\n"))
	return nil
}

// readNotebook reads an .ipynb file.
func readNotebook(data []byte) (*notebook, error) {
	var n notebook
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	if n.Format != 4 {
		return nil, fmt.Errorf("nbformat is %d, want 4; open the notebook in Jupyter and save it", n.Format)
	}
	return &n, nil
}

// cellError is something wrong in a cell.
type cellError struct {
	cell, line int // from 1; line 0 stands for the whole cell
	message    string
}

// Error names the cell and the line.
func (e *cellError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("cell %d: %s", e.cell, e.message)
	}
	return fmt.Sprintf("cell %d, line %d: %s", e.cell, e.line, e.message)
}
