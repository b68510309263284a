package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// object and list are what encoding/json makes of JSON.
type (
	object = map[string]any
	list   = []any
)

// decode reads a notebook of nbformat 4.
func decode(data []byte) (object, error) {
	var book object
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // numbers stay as they are written
	if err := decoder.Decode(&book); err != nil {
		return nil, fmt.Errorf("this is no notebook: %w", err)
	}
	if _, ok := book["cells"].(list); !ok {
		return nil, fmt.Errorf("this is no notebook of format 4: it has no list of cells")
	}
	return book, nil
}

// cells returns a notebook's cells.
func cells(book object) []object { return objects(book["cells"]) }

// outputs returns a cell's outputs.
func outputs(cell object) []object { return objects(cell["outputs"]) }

// objects returns the objects in a list.
func objects(value any) []object {
	all, _ := value.(list)
	var found []object
	for _, item := range all {
		if o, ok := item.(object); ok {
			found = append(found, o)
		}
	}
	return found
}

// text joins a multi-line string, which notebooks keep as a string or as a list of lines.
func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case list:
		var b strings.Builder
		for _, line := range value {
			s, _ := line.(string)
			b.WriteString(s)
		}
		return b.String()
	}
	return ""
}

// lines splits a text as notebooks keep it.
func lines(s string) list {
	all := list{}
	for line := range strings.Lines(s) {
		all = append(all, line)
	}
	return all
}

// normalize returns an executed notebook as it is kept: without what depends on the machine, the time or the way that
// output came in pieces, and in nbformat's own form. Sources are not touched.
func normalize(data []byte) ([]byte, error) {
	book, err := decode(data)
	if err != nil {
		return nil, err
	}
	if metadata, ok := book["metadata"].(object); ok {
		if language, ok := metadata["language_info"].(object); ok {
			delete(language, "version")
		}
	}
	for _, cell := range cells(book) {
		if metadata, ok := cell["metadata"].(object); ok {
			delete(metadata, "execution") // times of each step
		}
		if cell["cell_type"] == "code" {
			cell["outputs"] = tidy(outputs(cell))
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err = encoder.Encode(book)
	return b.Bytes(), err
}

// tidy joins streams that follow each other, keeps the last state of displays and of progress lines, and drops outputs
// that show nothing.
func tidy(all []object) list {
	var shown []object
	for _, output := range joinStreams(lastDisplays(all)) {
		if output["output_type"] == "stream" {
			state := lastState(text(output["text"]))
			if state == "" {
				continue
			}
			output["text"] = state
		}
		shown = append(shown, output)
	}
	kept := list{}
	for _, output := range joinStreams(shown) { // what was between two streams may be gone
		if output["output_type"] == "stream" {
			output["text"] = lines(text(output["text"]))
		}
		kept = append(kept, output)
	}
	return kept
}

// lastDisplays keeps one of the outputs with the same display id, with the place of the first and the data of the last, and
// removes the ids, which are random.
func lastDisplays(all []object) []object {
	var kept []object
	first := map[any]object{}
	for _, output := range all {
		transient, _ := output["transient"].(object)
		delete(output, "transient")
		id := transient["display_id"]
		if shown, ok := first[id]; ok && id != nil {
			shown["data"], shown["metadata"] = output["data"], output["metadata"]
			continue
		}
		first[id] = output
		if output["output_type"] != "update_display_data" { // it updates another cell's, which has its data
			kept = append(kept, output)
		}
	}
	return kept
}

// joinStreams joins neighbours of the same stream.
func joinStreams(all []object) []object {
	var kept []object
	for _, output := range all {
		if n := len(kept); n > 0 && output["output_type"] == "stream" && kept[n-1]["output_type"] == "stream" && output["name"] == kept[n-1]["name"] {
			kept[n-1]["text"] = text(kept[n-1]["text"]) + text(output["text"])
			continue
		}
		kept = append(kept, output)
	}
	return kept
}

// lastState returns what a terminal shows in the end of lines that were written over after a carriage return.
func lastState(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line, ended := strings.CutSuffix(line, "\n")
		line = strings.TrimRight(line, "\r")
		over := strings.LastIndexByte(line, '\r')
		line = line[over+1:]
		if over >= 0 {
			line = strings.TrimRight(line, " ") // written to erase
		}
		b.WriteString(line)
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
