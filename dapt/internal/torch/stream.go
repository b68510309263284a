package torch

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
)

// protocol is the version of the stream of pickles; there was only one (torch/serialization.py PROTOCOL_VERSION).
const protocol = 1001

// stream reads the value of the format from before version 1.6: pickles of a magic number, the protocol, the machine, the
// value and the keys of its storages, and the storages in that order, each behind the number of its values.
func (r *reader) stream(data []byte) (any, error) {
	data = data[len(streamMagic):]
	sizes := map[storage]int{}
	var parts [4]any // protocol, machine, value, keys
	for i, name := range []string{"protocol", "machine", "value", "list of storages"} {
		var err error
		if parts[i], data, err = unpickle(data, sizes); err != nil {
			return nil, fmt.Errorf("its pickle of the %s: %w", name, err)
		}
	}
	if parts[0] != any(protocol) {
		return nil, fmt.Errorf("its protocol is %v, want %d: load it in PyTorch and save it again", parts[0], protocol)
	}
	if machine, ok := parts[1].(*pickle.Record); !ok || machine.Get("little_endian") != any(true) {
		return nil, errors.New("it was not saved in little byte order: save it on another machine")
	}
	keys, ok := parts[3].(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("its list of storages is a %T", parts[3])
	}
	return parts[2], r.cut(data, keys.Items, sizes)
}

// cut finds the storages in data, which is not copied.
func (r *reader) cut(data []byte, keys []any, sizes map[storage]int) error {
	byKey := map[string]storage{}
	for of := range sizes {
		if _, twice := byKey[of.key]; twice {
			return fmt.Errorf("its storage %.100q has two types", of.key)
		}
		byKey[of.key] = of
	}
	found := map[storage][]byte{}
	for _, key := range keys {
		text, _ := key.(string)
		of, ok := byKey[text]
		if !ok {
			return fmt.Errorf("its list of storages has %.100q, which no tensor is in", text)
		}
		if len(data) < 8 {
			return errors.New("it is cut short: fetch it again")
		}
		values := binary.LittleEndian.Uint64(data)
		if data = data[8:]; values > uint64(len(data)/sizes[of]) {
			return errors.New("it is cut short: fetch it again")
		}
		end := int(values) * sizes[of]
		found[of], data = data[:end], data[end:]
	}
	r.bytes = func(of storage) ([]byte, error) {
		stored, ok := found[of]
		if !ok {
			return nil, fmt.Errorf("it has no storage %.100q", of.key)
		}
		return stored, nil
	}
	return nil
}
