package golden

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

func TestBackendComputes(t *testing.T) {
	backend := Backend(t)
	if again := Backend(t); again != backend {
		t.Errorf("Backend gave two backends in one process: %v, then %v", backend, again)
	}
	product, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node { return graph.MatMul(x, x) },
		[][]float32{{1, 2}, {3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float32{{7, 10}, {15, 22}}
	if got := product.Value(); !reflect.DeepEqual(got, want) {
		t.Errorf("square of [[1 2] [3 4]] = %v, want %v", got, want)
	}
}

func TestNewBackendRefusesUnknownNames(t *testing.T) {
	_, err := newBackend("tpu:0")
	if err == nil || !strings.Contains(err.Error(), `unknown backend "tpu"`) {
		t.Errorf("newBackend(tpu:0) = %v, want an error that names it", err)
	}
}
