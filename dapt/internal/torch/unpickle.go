package torch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
)

// storageTypes are the types of PyTorch's storages, in safetensors' names, with the bytes of a value.
var storageTypes = map[string]struct {
	kind string
	size int
}{
	"HalfStorage": {"F16", 2}, "FloatStorage": {"F32", 4}, "BFloat16Storage": {"BF16", 2}, "DoubleStorage": {"F64", 8},
	"LongStorage": {"I64", 8}, "IntStorage": {"I32", 4}, "ShortStorage": {"I16", 2}, "CharStorage": {"I8", 1}, "ByteStorage": {"U8", 1},
	"BoolStorage": {"BOOL", 1},
}

// Values of PyTorch's pickles, beside those of all.
type (
	storage struct{ kind, key string }
	view    struct { // a tensor
		of      storage
		offset  int
		dims    []int
		strides []int
	}
)

// unpickle reads one value, and returns what follows it. It has no way to call anything: the names that it knows stand for
// tensors, storages, ordered dictionaries, the attributes of scripted modules, and the objects that Dassl saves beside the
// weights; any other name is an error. sizes, if not nil, gets the bytes of a value of each storage.
func unpickle(data []byte, sizes map[storage]int) (value any, rest []byte, err error) {
	return pickle.DecodeFirst(data, pickle.Rules{Name: checkName, New: checkClass, Call: call, Persistent: func(id any) (any, error) {
		of, size, err := newStorage(id)
		if err == nil && sizes != nil {
			sizes[of] = size
		}
		return of, err
	}})
}

// call is what the few functions return that PyTorch pickles calls of. Of what stands beside the weights nothing is made.
func call(g pickle.Global, arguments pickle.Tuple) (any, error) {
	switch g.String() {
	case "collections.OrderedDict":
		if len(arguments) == 0 {
			return &pickle.Record{}, nil
		}
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
		if len(arguments) >= 4 {
			return newView(arguments)
		}
	case "torch._utils._rebuild_parameter", "torch.Size", "torch.jit._pickle.restore_type_tag", "torch.jit._pickle.build_intlist",
		"torch.jit._pickle.build_tensorlist", "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist":
		if len(arguments) > 0 {
			return arguments[0], nil
		}
	default:
		if beside(g) {
			return &pickle.Record{Class: g}, nil
		}
		return nil, refused(g)
	}
	return nil, fmt.Errorf("%s is called with %d arguments", g, len(arguments))
}

// checkName refuses the names that may not stand in a file of weights.
func checkName(g pickle.Global) error {
	known := false
	switch g.Module {
	case "torch":
		known = storageTypes[g.Name].kind != "" || g.Name == "Size"
	case "torch._utils":
		known = g.Name == "_rebuild_tensor" || g.Name == "_rebuild_tensor_v2" || g.Name == "_rebuild_parameter"
	case "collections":
		known = g.Name == "OrderedDict"
	case "torch.jit._pickle":
		known = g.Name == "restore_type_tag" || strings.HasPrefix(g.Name, "build_")
	}
	if known {
		return nil
	}
	return checkClass(g)
}

// checkClass refuses all but the classes of TorchScript modules, of which only the attributes are read, and of what stands
// beside the weights.
func checkClass(g pickle.Global) error {
	if g.Module == "__torch__" || strings.HasPrefix(g.Module, "__torch__.") || beside(g) {
		return nil
	}
	return refused(g)
}

// beside tells whether a name is one of those that a checkpoint of Dassl has beside the weights: of its optimiser, of the
// schedule, which refers to the optimiser (KaiyangZhou/Dassl.pytorch dassl/optim/lr_scheduler.py), and of numpy's numbers, as
// val_result is one.
func beside(g pickle.Global) bool {
	switch g.Module {
	case "torch":
		return g.Name == "device"
	case "collections":
		return g.Name == "defaultdict" || g.Name == "Counter"
	case "builtins", "__builtin__":
		return g.Name == "dict" || g.Name == "list" || g.Name == "set" || g.Name == "int" || g.Name == "float"
	case "numpy":
		return g.Name == "dtype" || g.Name == "float64" || g.Name == "float32"
	case "numpy.core.multiarray", "numpy._core.multiarray":
		return g.Name == "scalar"
	case "_codecs":
		return g.Name == "encode"
	}
	return strings.HasPrefix(g.Module, "torch.optim.") || strings.HasPrefix(g.Module, "dassl.optim.")
}

func refused(g pickle.Global) error {
	return fmt.Errorf("it wants %.100q, which is no part of a tensor: in Python that may run any program, so it is not read; save the state dictionary alone", g)
}

// newStorage reads what stands for a storage: ("storage", type, key, location, values, view).
func newStorage(value any) (of storage, size int, err error) {
	id, _ := value.(pickle.Tuple)
	if len(id) < 3 || id[0] != any("storage") {
		return of, 0, errors.New("it refers to something that is no storage")
	}
	class, isClass := id[1].(pickle.Global)
	key, isKey := id[2].(string)
	known := storageTypes[class.Name]
	if !isClass || !isKey || known.kind == "" {
		return of, 0, fmt.Errorf("a storage has a %T as its type and a %T as its key", id[1], id[2])
	}
	if len(id) > 5 && id[5] != nil {
		return of, 0, errors.New("a storage is a part of another, as PyTorch before 0.4 saved them: load it there and save it again")
	}
	return storage{known.kind, key}, known.size, nil
}

// newView reads (storage, offset, shape, strides, …).
func newView(arguments pickle.Tuple) (view, error) {
	v := view{}
	var isStorage, isInt bool
	v.of, isStorage = arguments[0].(storage)
	v.offset, isInt = arguments[1].(int)
	if !isStorage || !isInt || v.offset < 0 {
		return v, errors.New("a tensor has no storage, or no place in it")
	}
	for i, to := range []*[]int{&v.dims, &v.strides} {
		values, isTuple := arguments[2+i].(pickle.Tuple)
		if !isTuple || len(values) > 8 {
			return v, errors.New("a tensor's shape or strides are no tuple of at most 8 numbers")
		}
		for _, value := range values {
			n, isInt := value.(int)
			if !isInt || n < 0 {
				return v, errors.New("a tensor's shape or strides are no natural numbers")
			}
			*to = append(*to, n)
		}
	}
	if len(v.dims) != len(v.strides) {
		return v, fmt.Errorf("a tensor has shape %v, but strides %v", v.dims, v.strides)
	}
	return v, nil
}
