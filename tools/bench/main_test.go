package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePython is a program that answers every line as pytorch_step.py would: each step takes a second more.
const fakePython = `#!/bin/sh
echo '{"torch": "9.9"}'
i=0
while read -r what; do
	i=$((i + 1))
	case $what in
	*evaluate*) echo '{"error": "no memory for '$what'"}' ;;
	*) echo '{"seconds": '$i', "peak_mb": 1000000}' ;;
	esac
done
`

// program writes an executable script and returns its path.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python3")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func small(more ...string) []string {
	return append([]string{"-model", "mini", "-backend", "go", "-classes", "2", "-batch", "1", "-images", "2", "-steps", "2", "-pytorch-classes", "2"}, more...)
}

// TestABenchmarkMeasuresAllAndKeepsItWhenOneFails lets PyTorch fail at its third task.
func TestABenchmarkMeasuresAllAndKeepsItWhenOneFails(t *testing.T) {
	var out, log bytes.Buffer
	plot := filepath.Join(t.TempDir(), "steps.svg")
	err := run(context.Background(), small("-json", "-plot", plot, "-pytorch", program(t, fakePython)), &out, &log)
	if err == nil || !strings.Contains(err.Error(), "evaluated image, 2 classes: PyTorch, asked to evaluate 2: no memory for evaluate 2") {
		t.Errorf("error %v, want one that says what failed at what", err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	if r.Torch != "9.9" || len(r.Rows) != 2 || r.Rows[0].Task != "phase 1 step" || r.Rows[1].Task != "phase 2 step" {
		t.Fatalf("report %+v, want the two steps", r)
	}
	for _, row := range r.Rows {
		if row.Classes != 2 || len(row.Times) != 2 || row.Seconds != (row.Times[0]+row.Times[1])/2 {
			t.Errorf("row %+v, want the median of two times", row)
		}
		if math.Abs(row.Share-row.GFLOP/row.Seconds/row.Rate) > 1e-12 || row.Share <= 0 || row.Share > 2 {
			t.Errorf("%g GFLOP in %g s at %g GFLOP/s are a share of %g", row.GFLOP, row.Seconds, row.Rate, row.Share)
		}
		if p := row.PyTorch; p.Seconds != 2.5 || p.Faster != 2.5/row.Seconds || p.PeakMB != 1e6 || p.Memory != row.PeakMB/1e6 {
			t.Errorf("PyTorch %+v beside %+v, want the median of seconds 2 and 3", row.PyTorch, row)
		}
	}
	if svg, err := os.ReadFile(plot); err != nil || !bytes.Contains(svg, []byte("PyTorch")) {
		t.Errorf("plot: %v", err)
	}
}

func TestTablesHaveARowForEachTask(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), small("-markdown", "-steps", "1"), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n| classes | a | takes | of matmul | compiles in | peak memory |\n", "| 2 | phase 1 step |", "| 2 | Grad-CAM map |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestBadFlagsAreErrorsThatSayWhatWouldDo(t *testing.T) {
	for want, args := range map[string][]string{
		"no number of classes from 1 to 1250": {"-classes", "10,5000"},
		"-steps is 0, want at least 1":        {"-steps", "0"},
		`-model is "RN50", want ViT-B/16`:     {"-model", "RN50"},
		"want float32 or bfloat16":            {"-dtype", "int8"},
		`unexpected argument "now"`:           {"now"},
		"that has PyTorch":                    small("-pytorch", "/nonexistent/python"),
		"no PyTorch here":                     small("-pytorch", program(t, "#!/bin/sh\necho '{\"error\": \"no PyTorch here\"}'\n")),
		"the process ended: out of luck":      small("-pytorch", program(t, "#!/bin/sh\necho out of luck >&2\n")),
	} {
		err := run(context.Background(), args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := run(ctx, small(), io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
