package clip

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// storageTypes are the types of PyTorch's storages, in safetensors' names.
var storageTypes = map[string]string{
	"HalfStorage": "F16", "FloatStorage": "F32", "BFloat16Storage": "BF16", "DoubleStorage": "F64", "LongStorage": "I64", "IntStorage": "I32",
	"ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}

// object carries out the instructions that would run code in Python: it names a class, makes an object, or a tensor.
func (u *unpickler) object(code byte) error {
	switch code {
	case 'c', 0x93:
		return u.global(code)
	case 'Q':
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
	if code == 'b' { // BUILD: the state of an object
		return u.build(target, argument)
	}
	class, ok := target.(global)
	arguments, isTuple := argument.(tuple)
	if !ok || !isTuple {
		return fmt.Errorf("a %T is called", target)
	}
	if code == 0x81 { // NEWOBJ
		if !class.scripted() {
			return class.refused()
		}
		u.push(&record{})
		return nil
	}
	made, err := class.call(arguments)
	u.push(made)
	return err
}

// call is what the few functions would return that PyTorch pickles calls of.
func (g global) call(arguments tuple) (any, error) {
	switch name := g.module + "." + g.name; {
	case name == "collections.OrderedDict" && len(arguments) == 0:
		return &record{}, nil
	case (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") && len(arguments) >= 4:
		return newView(arguments)
	case name == "torch._utils._rebuild_parameter" && len(arguments) > 0, g.module == "torch.jit._pickle" && len(arguments) > 0:
		return arguments[0], nil
	}
	return nil, g.refused()
}

func (g global) refused() error {
	return fmt.Errorf("it wants %s.%s, which is no tensor: such a file could run any program in Python; it is not read", g.module, g.name)
}

// allowed are the names that may stand in a file of weights.
func (g global) allowed() bool {
	switch g.module {
	case "torch":
		_, isStorage := storageTypes[g.name]
		return isStorage || g.name == "Size" || strings.HasPrefix(g.name, "float") || strings.HasPrefix(g.name, "int")
	case "torch._utils":
		return strings.HasPrefix(g.name, "_rebuild_")
	case "collections":
		return g.name == "OrderedDict"
	}
	return g.module == "torch.jit._pickle" || g.scripted()
}

func (u *unpickler) global(code byte) error {
	var g global
	if code == 'c' {
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

// persistent reads ("storage", type, key, location, size).
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
	kind, known := storageTypes[class.name]
	if !isClass || !isKey || !known {
		return fmt.Errorf("storage %v of type %v is unknown", id[2], id[1])
	}
	u.push(storage{kind, key})
	return nil
}

func (u *unpickler) build(target, state any) error {
	to, ok := target.(*record)
	from, isRecord := state.(*record)
	if !ok || !isRecord || to == from {
		return fmt.Errorf("a %T is the state of a %T", state, target)
	}
	to.keys, to.values = append(to.keys, from.keys...), append(to.values, from.values...)
	u.push(to)
	return nil
}

// newView reads (storage, offset, sizes, strides, …).
func newView(arguments tuple) (view, error) {
	v := view{}
	var ok bool
	if v.of, ok = arguments[0].(storage); !ok {
		return v, errors.New("a tensor has no storage")
	}
	if v.offset, ok = arguments[1].(int); !ok {
		return v, errors.New("a tensor's offset is no number")
	}
	for i, to := range []*[]int{&v.dims, &v.strides} {
		values, isTuple := arguments[2+i].(tuple)
		if !isTuple {
			return v, errors.New("a tensor's shape is no tuple")
		}
		for _, value := range values {
			n, isInt := value.(int)
			if !isInt || n < 0 {
				return v, fmt.Errorf("a tensor's shape or stride is %v", value)
			}
			*to = append(*to, n)
		}
	}
	if len(v.dims) != len(v.strides) || v.offset < 0 {
		return v, fmt.Errorf("a tensor has shape %v, strides %v and offset %d", v.dims, v.strides, v.offset)
	}
	return v, nil
}

// readTorch reads PyTorch's zip archive: a state dictionary, or a scripted module as OpenAI publishes.
func readTorch(data []byte) (map[string]tensor, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("it is no whole zip archive: %w", err)
	}
	a := torchArchive{files: map[string]*zip.File{}, left: 4 * len(data)}
	var root string
	for _, file := range archive.File {
		a.files[file.Name] = file
		if folder, ok := strings.CutSuffix(file.Name, "/data.pkl"); ok && root == "" {
			root = folder
		}
	}
	if root == "" {
		return nil, errors.New("it has no data.pkl, so PyTorch did not write it")
	}
	a.root = root
	pickled, err := a.read(root + "/data.pkl")
	if err != nil {
		return nil, err
	}
	value, err := unpickle(pickled)
	if err != nil {
		return nil, fmt.Errorf("its pickle: %w", err)
	}
	found := map[string]tensor{}
	return found, a.flatten(found, "", value, 0)
}

// torchArchive is a file that PyTorch wrote.
type torchArchive struct {
	root  string
	files map[string]*zip.File
	left  int // bytes that tensors may still take
}

// read returns a member, which PyTorch never compresses, so that it cannot be larger than the archive.
func (a *torchArchive) read(name string) ([]byte, error) {
	file, ok := a.files[name]
	if !ok {
		return nil, fmt.Errorf("it has no %s", name)
	}
	if file.Method != zip.Store {
		return nil, fmt.Errorf("its %s is compressed, which PyTorch never does", name)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	defer content.Close()
	read, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	return read, nil
}

// flatten collects tensors by the path of their names.
func (a *torchArchive) flatten(found map[string]tensor, name string, value any, depth int) error {
	if depth > 32 {
		return errors.New("its values contain themselves")
	}
	switch v := value.(type) {
	case *record:
		for i, key := range v.keys {
			text, ok := key.(string)
			if !ok {
				continue
			}
			below := text
			if name != "" && !(depth == 1 && name == "state_dict") {
				below = name + "." + text
			}
			if err := a.flatten(found, below, v.values[i], depth+1); err != nil {
				return err
			}
		}
	case view:
		if buffer(name) {
			return nil
		}
		t, err := a.tensor(v)
		if err != nil {
			return fmt.Errorf("its tensor %s: %w", name, err)
		}
		found[name] = t
	}
	return nil
}

// tensor reads the values of a view.
func (a *torchArchive) tensor(v view) (tensor, error) {
	data, err := a.read(a.root + "/data/" + v.of.key)
	if err != nil {
		return tensor{}, err
	}
	stored, err := safetensors.Tensor{DType: v.of.kind, Data: data}.Float32s()
	if err != nil {
		return tensor{}, err
	}
	size, last := 1, v.offset
	for i, d := range v.dims {
		if d > 0 && size > len(stored)/d {
			return tensor{}, fmt.Errorf("shape %v is more than its %d stored values", v.dims, len(stored))
		}
		size *= d
		if d > 1 && v.strides[i] > len(stored) {
			return tensor{}, fmt.Errorf("strides %v leave its %d stored values", v.strides, len(stored))
		}
		last += max(d-1, 0) * v.strides[i]
	}
	if size > 0 && (last < 0 || last >= len(stored)) {
		return tensor{}, fmt.Errorf("shape %v with strides %v and offset %d leaves its %d stored values", v.dims, v.strides, v.offset, len(stored))
	}
	if a.left -= 4 * size; a.left < 0 {
		return tensor{}, errors.New("the tensors take more room than the file has")
	}
	return tensor{v.dims, v.gather(stored, size)}, nil
}

// gather reads size values of the storage in row-major order.
func (v view) gather(stored []float32, size int) []float32 {
	values := make([]float32, size)
	index := make([]int, len(v.dims))
	at := v.offset
	for i := range values {
		values[i] = stored[at]
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			at += v.strides[axis]
			if index[axis] < v.dims[axis] {
				break
			}
			at -= index[axis] * v.strides[axis]
			index[axis] = 0
		}
	}
	return values
}
