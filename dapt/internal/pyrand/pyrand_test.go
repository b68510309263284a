package pyrand

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// streams.json was drawn by CPython and NumPy; each entry is one continued stream.
type streams struct {
	Python []struct {
		Seed   uint64    `json:"seed"`
		Bits   []uint64  `json:"getrandbits32"`
		Random []float64 `json:"random"`
		Sample []struct {
			N, K int
			Out  []int
		} `json:"sample"`
		Shuffled []int `json:"shuffled"`
	} `json:"python_rng"`
	NumPy []struct {
		Seed    uint32    `json:"seed"`
		Size    int       `json:"n"`
		Count   int       `json:"k"`
		Out     []int     `json:"out"`
		Randint []int     `json:"then_randint_0_1000"`
		Random  []float64 `json:"then_random"`
	} `json:"numpy_choice"`
}

func load(t *testing.T) (s streams) {
	t.Helper()
	data, err := os.ReadFile("testdata/streams.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func times[T any](n int, draw func() T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = draw()
	}
	return out
}

func TestPythonStreamsEqualCPython(t *testing.T) {
	for _, c := range load(t).Python {
		r := NewPython(c.Seed)
		check(t, "getrandbits", times(len(c.Bits), func() uint64 { return r.Bits(32) }), c.Bits)
		check(t, "random", times(len(c.Random), r.Float64), c.Random)
		for _, s := range c.Sample {
			check(t, "sample", r.Sample(s.N, s.K), s.Out)
		}
		shuffled := identity(len(c.Shuffled))
		r.Shuffle(len(shuffled), reflect.Swapper(shuffled))
		check(t, "shuffle", shuffled, c.Shuffled)
	}
}

// The vectors of three seeds that CoOp's splits use: sample(range(50), 16), then of 20 and of 100, and a fresh shuffle.
func TestPythonSamplesInSequence(t *testing.T) {
	for _, c := range []struct {
		seed                    uint64
		first, second, third, s []int
	}{
		{
			1,
			[]int{8, 36, 4, 16, 7, 31, 28, 30, 41, 24, 13, 6, 44, 1, 40, 27},
			[]int{19, 0, 14, 8},
			[]int{92, 29, 75, 13},
			[]int{6, 8, 9, 7, 5, 3, 0, 4, 1, 2},
		},
		{
			2,
			[]int{3, 5, 48, 23, 10, 42, 19, 16, 38, 13, 41, 2, 37, 45, 27, 25},
			[]int{16, 11, 17, 14},
			[]int{64, 34, 4, 3},
			[]int{5, 9, 3, 4, 6, 7, 2, 8, 1, 0},
		},
		{
			3,
			[]int{15, 37, 34, 8, 23, 38, 30, 40, 48, 4, 44, 0, 43, 16, 35, 14},
			[]int{6, 15, 17, 18},
			[]int{50, 81, 19, 29},
			[]int{1, 5, 6, 0, 9, 4, 7, 2, 8, 3},
		},
	} {
		r := NewPython(c.seed)
		check(t, "sample of 50", r.Sample(50, 16), c.first)
		check(t, "sample of 20", r.Sample(20, 4), c.second)
		check(t, "sample of 100", r.Sample(100, 4), c.third)
		shuffled := identity(10)
		NewPython(c.seed).Shuffle(10, reflect.Swapper(shuffled))
		check(t, "shuffle", shuffled, c.s)
	}
}

func TestPythonTakesAnySeedAndAnyBound(t *testing.T) {
	for _, c := range []struct {
		seed  uint64
		bits  []uint64
		below []int
	}{
		{0, []uint64{1, 49, 3255389356, 3823568514, 72877178957620, 9431353882395063546}, []int{0, 1, 4, 999496, 619073466650}},
		{5, []uint64{1, 32, 3185950873, 5834865596, 265277325516766, 13648719601384375088}, []int{0, 1, 3, 108744, 347466721851}},
		{1<<33 + 7, []uint64{1, 113, 644625210, 2470002582, 157118268774434, 3122489759365368598}, []int{0, 0, 5, 16342, 126968623235}},
		{1<<63 - 1, []uint64{0, 84, 2711238091, 4864845664, 127639946662366, 8795274642428743868}, []int{0, 0, 5, 197442, 103551534723}},
		{1<<64 - 2, []uint64{0, 95, 1306021862, 3131324215, 200312236127408, 8390084760534993627}, []int{0, 1, 1, 783040, 295234980607}},
	} {
		r := NewPython(c.seed)
		for i, k := range []int{1, 7, 32, 33, 48, 64} {
			check(t, "getrandbits", r.Bits(k), c.bits[i])
		}
		for i, n := range []int{1, 2, 10, 1 << 20, 1<<40 + 3} {
			check(t, "randrange", r.Below(n), c.below[i])
		}
	}
}

func TestNumPyStreamsEqualRandomState(t *testing.T) {
	for _, c := range load(t).NumPy {
		s := NewNumPy(c.Seed)
		check(t, "choice", s.Choice(c.Size, c.Count), c.Out)
		check(t, "randint", times(len(c.Randint), func() int { return s.Randint(0, 1000) }), c.Randint)
		check(t, "random", times(len(c.Random), s.Float64), c.Random)
	}
}

func TestNumPyTakesAnySeedAndAnyRange(t *testing.T) {
	for _, c := range []struct {
		seed        uint32
		randint     []int
		permutation []int
	}{
		{0, []int{0, 5, 1, 2546248239, 506137267392}, []int{4, 0, 2, 5, 6, 1, 7, 8, 3}},
		{1<<32 - 1, []int{0, 5, 0, 479346978, 53956357191}, []int{3, 8, 5, 7, 1, 2, 6, 0, 4}},
	} {
		s := NewNumPy(c.seed)
		for i, r := range [][2]int{{0, 1}, {5, 6}, {-3, 4}, {0, 1 << 32}, {0, 1<<40 + 3}} {
			check(t, "randint", s.Randint(r[0], r[1]), c.randint[i])
		}
		check(t, "permutation", s.Permutation(9), c.permutation)
	}
}

func TestNumPyChoiceTwiceAndPermutation(t *testing.T) {
	for _, c := range []struct {
		seed                 uint32
		four, eight, permute []int
	}{
		{1, []int{3, 13, 7, 2}, []int{8, 3, 13, 9, 0, 6, 1, 7}, []int{2, 9, 6, 4, 0, 3, 1, 7, 8, 5}},
		{2, []int{12, 4, 5, 0}, []int{11, 9, 15, 0, 8, 1, 2, 12}, []int{4, 1, 5, 0, 7, 2, 3, 6, 9, 8}},
		{3, []int{7, 13, 4, 1}, []int{11, 9, 12, 3, 15, 10, 13, 2}, []int{5, 4, 1, 2, 9, 6, 7, 0, 3, 8}},
	} {
		s := NewNumPy(c.seed)
		check(t, "choice of 4", s.Choice(16, 4), c.four)
		check(t, "choice of 8", s.Choice(16, 8), c.eight)
		check(t, "permutation", NewNumPy(c.seed).Permutation(10), c.permute)
	}
}
