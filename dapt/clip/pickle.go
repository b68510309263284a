package clip

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
)

// storageTypes are the types of PyTorch's storages, in safetensors' names.
var storageTypes = map[string]string{
	"HalfStorage": "F16", "FloatStorage": "F32", "BFloat16Storage": "BF16", "DoubleStorage": "F64", "LongStorage": "I64", "IntStorage": "I32",
	"ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
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

// unpickle reads one value. It has no way to call anything: the few names that it knows stand for tensors, storages,
// ordered dictionaries and the attributes of scripted modules, and any other name is an error.
func unpickle(data []byte) (any, error) {
	return pickle.Decode(data, pickle.Rules{Name: checkName, New: checkClass, Call: call, Persistent: persistent})
}

// call is what the few functions return that PyTorch pickles calls of.
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
		return nil, refused(g)
	}
	return nil, fmt.Errorf("%s is called with %d arguments", g, len(arguments))
}

// checkName refuses the names that may not stand in a file of weights.
func checkName(g pickle.Global) error {
	known := false
	switch g.Module {
	case "torch":
		known = storageTypes[g.Name] != "" || g.Name == "Size"
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

// checkClass refuses all but the classes of TorchScript modules, of which only the attributes are read.
func checkClass(g pickle.Global) error {
	if g.Module == "__torch__" || strings.HasPrefix(g.Module, "__torch__.") {
		return nil
	}
	return refused(g)
}

func refused(g pickle.Global) error {
	return fmt.Errorf("it wants %.100q, which is no part of a tensor: in Python that may run any program, so it is not read; save the state dictionary alone", g)
}

// persistent reads what stands for a storage: ("storage", type, key, location, size).
func persistent(value any) (any, error) {
	id, _ := value.(pickle.Tuple)
	if len(id) < 3 || id[0] != any("storage") {
		return nil, errors.New("it refers to something that is no storage")
	}
	class, isClass := id[1].(pickle.Global)
	key, isKey := id[2].(string)
	if !isClass || !isKey || storageTypes[class.Name] == "" {
		return nil, fmt.Errorf("a storage has a %T as its type and a %T as its key", id[1], id[2])
	}
	return storage{storageTypes[class.Name], key}, nil
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
