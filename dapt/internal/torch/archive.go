package torch

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// members are those of a zip archive, in which everything lies in one folder.
type members struct {
	root  string
	files map[string]*zip.File
}

// archive reads the value of a zip archive: a state dictionary, or a scripted module as OpenAI publishes.
func (r *reader) archive(data []byte) (any, error) {
	opened, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("it is cut short or broken: %w; fetch it again", err)
	}
	a := members{files: map[string]*zip.File{}}
	for _, file := range opened.File {
		a.files[file.Name] = file
		if folder, ok := strings.CutSuffix(file.Name, "/data.pkl"); ok && a.root == "" {
			a.root = folder
		}
	}
	pickled, err := a.open("data.pkl", maxPickle)
	if err != nil {
		return nil, err
	}
	if _, ok := a.files[a.root+"/byteorder"]; ok {
		if order, err := a.open("byteorder", 16); err != nil || string(order) != "little" {
			return nil, fmt.Errorf("its byte order is %q, want little: save it on another machine", order)
		}
	}
	r.bytes = func(of storage) ([]byte, error) { return a.open("data/"+of.key, r.size-r.read) }
	value, _, err := unpickle(pickled, nil)
	if err != nil {
		return nil, fmt.Errorf("its data.pkl: %w", err)
	}
	return value, nil
}

// open returns a member of at most limit bytes. PyTorch compresses none, so that it cannot be larger than the archive.
func (a members) open(name string, limit int) ([]byte, error) {
	file, ok := a.files[a.root+"/"+name]
	switch {
	case !ok:
		return nil, fmt.Errorf("it has no %s: it is no file of torch.save", name)
	case file.Method != zip.Store || file.UncompressedSize64 != file.CompressedSize64:
		return nil, fmt.Errorf("its %s is compressed, which PyTorch never does: save it again there", name)
	case file.UncompressedSize64 > uint64(limit):
		return nil, fmt.Errorf("its %s has %d bytes, want at most %d", name, file.UncompressedSize64, limit)
	}
	content, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	defer content.Close()
	read := make([]byte, file.UncompressedSize64)
	if _, err := io.ReadFull(content, read); err != nil {
		return nil, fmt.Errorf("its %s: %w", name, err)
	}
	if _, err := content.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("its %s: %w", name, err) // where it ends its checksum is compared
	}
	return read, nil
}
