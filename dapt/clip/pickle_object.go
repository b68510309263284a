package clip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// storageTypes are the types of PyTorch's storages, in safetensors' names.
var storageTypes = map[string]string{
	"HalfStorage": "F16", "FloatStorage": "F32", "BFloat16Storage": "BF16", "DoubleStorage": "F64", "LongStorage": "I64", "IntStorage": "I32",
	"ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}

// object carries out the instructions that would run code in Python: it names a class, makes an object, or a tensor.
func (u *unpickler) object(code byte) error {
	switch code {
	case opGlobal, opStackGlobal:
		return u.global(code)
	case opSlot:
		return u.persistent()
	}
	argument, err := u.pop()
	if err != nil {
		return err
	}
	target, err := u.pop()
	if err != nil {
		return err
	}
	if code == opBuild {
		return u.build(target, argument)
	}
	class, isClass := target.(global)
	arguments, isTuple := argument.(tuple)
	if !isClass || !isTuple {
		return fmt.Errorf("a %T is called with a %T", target, argument)
	}
	if code == opNew {
		if !class.scripted() {
			return class.refused()
		}
		u.push(&record{object: true})
		return nil
	}
	made, err := class.call(arguments)
	u.push(made)
	return err
}

// call is what the few functions return that PyTorch pickles calls of.
func (g global) call(arguments tuple) (any, error) {
	switch g.String() {
	case "collections.OrderedDict":
		if len(arguments) == 0 {
			return &record{}, nil
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
		return nil, g.refused()
	}
	return nil, fmt.Errorf("%s is called with %d arguments", g, len(arguments))
}

// allowed reports the names that may stand in a file of weights.
func (g global) allowed() bool {
	switch g.module {
	case "torch":
		return storageTypes[g.name] != "" || g.name == "Size"
	case "torch._utils":
		return g.name == "_rebuild_tensor" || g.name == "_rebuild_tensor_v2" || g.name == "_rebuild_parameter"
	case "collections":
		return g.name == "OrderedDict"
	case "torch.jit._pickle":
		return g.name == "restore_type_tag" || strings.HasPrefix(g.name, "build_")
	}
	return g.scripted()
}

// scripted reports the classes of TorchScript modules, of which only the attributes are read.
func (g global) scripted() bool {
	return g.module == "__torch__" || strings.HasPrefix(g.module, "__torch__.")
}

func (g global) String() string { return g.module + "." + g.name }

func (g global) refused() error {
	return fmt.Errorf("it wants %.100q, which is no part of a tensor: in Python that may run any program, so it is not read; save the state dictionary alone", g)
}

// global pushes a class or function by its name.
func (u *unpickler) global(code byte) error {
	var g global
	if code == opGlobal {
		for _, part := range []*string{&g.module, &g.name} {
			end := bytes.IndexByte(u.data[u.at:], '\n')
			if end < 0 {
				return errShort
			}
			*part = string(u.data[u.at : u.at+end])
			u.at += end + 1
		}
	} else {
		for _, part := range []*string{&g.name, &g.module} {
			value, err := u.pop()
			if err != nil {
				return err
			}
			*part, _ = value.(string)
		}
	}
	if !g.allowed() {
		return g.refused()
	}
	u.push(g)
	return nil
}

// persistent reads what stands for a storage: ("storage", type, key, location, size).
func (u *unpickler) persistent() error {
	value, err := u.pop()
	if err != nil {
		return err
	}
	id, _ := value.(tuple)
	if len(id) < 3 || id[0] != any("storage") {
		return errors.New("it refers to something that is no storage")
	}
	class, isClass := id[1].(global)
	key, isKey := id[2].(string)
	if !isClass || !isKey || storageTypes[class.name] == "" {
		return fmt.Errorf("a storage has a %T as its type and a %T as its key", id[1], id[2])
	}
	u.push(storage{storageTypes[class.name], key})
	return nil
}

// build gives an object its attributes. Those of a dictionary are not its items, and are dropped.
func (u *unpickler) build(target, state any) error {
	to, isRecord := target.(*record)
	from, isState := state.(*record)
	if !isRecord || !isState {
		return fmt.Errorf("a %T is the state of a %T", state, target)
	}
	if to.object {
		to.keys, to.values = from.keys, from.values
	}
	u.push(to)
	return nil
}

// newView reads (storage, offset, shape, strides, …).
func newView(arguments tuple) (view, error) {
	v := view{}
	var isStorage, isInt bool
	v.of, isStorage = arguments[0].(storage)
	v.offset, isInt = arguments[1].(int)
	if !isStorage || !isInt || v.offset < 0 {
		return v, errors.New("a tensor has no storage, or no place in it")
	}
	for i, to := range []*[]int{&v.dims, &v.strides} {
		values, isTuple := arguments[2+i].(tuple)
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
