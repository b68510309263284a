package main

import (
	"bytes"
	"os"
	"testing"
)

// TestNormalizing compares with testdata/normalized.ipynb, which has the keys, spaces and lines that nbformat 5.11 writes.
func TestNormalizing(t *testing.T) {
	executed, err := os.ReadFile("testdata/executed.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/normalized.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{executed, want} { // the second: what is normalized stays as it is
		got, err := normalize(data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("normalize gives\n%s\nwant\n%s", got, want)
		}
	}
}

func TestOnlyNotebooksAreNormalized(t *testing.T) {
	for _, data := range []string{"", "[]", "{}", `{"cells": 1}`, `{"worksheets": []}`} {
		if _, err := normalize([]byte(data)); err == nil {
			t.Errorf("normalize(%q) is no error", data)
		}
	}
}

func TestOverwrittenLinesKeepTheirLastState(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"no carriage return", "a\nb  \n", "a\nb  \n"},
		{"a bar that ends", "1%\r2%\r100%\ndone\n", "100%\ndone\n"},
		{"a bar that ends with a return", "1%\r100%\r", "100%"},
		{"a bar that is erased", "1%\r2%\r   \rdone\n", "done\n"},
		{"a bar that is erased at the end", "\r1%\r   \r", ""},
		{"lines of Windows", "a\r\nb\r\n", "a\nb\n"},
		{"nothing", "", ""},
	} {
		if got := lastState(test.in); got != test.want {
			t.Errorf("%s: lastState(%q) = %q, want %q", test.name, test.in, got, test.want)
		}
	}
}

func FuzzNormalizing(f *testing.F) {
	for _, file := range []string{"testdata/executed.ipynb", "testdata/normalized.ipynb"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"cells": [{"cell_type": "code", "outputs": [{"output_type": "stream", "name": "a", "text": "x"},
		{"output_type": "stream", "name": "b", "text": "\r"}, {"output_type": "stream", "name": "a", "text": ["y"]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := normalize(data)
		if err != nil {
			return
		}
		twice, err := normalize(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("normalizing twice gives\n%s\n%v, once gives\n%s", twice, err, once)
		}
	})
}
