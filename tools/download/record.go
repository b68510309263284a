package download

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/google/renameio/v2"
)

// record is what was learnt of a file while it was downloaded; it lies beside the file as JSON.
type record struct {
	URL      string `json:"url,omitempty"`
	Size     int64  `json:"size,omitempty"` // in bytes; 0 is unknown
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"last_modified,omitempty"`
	SHA256   string `json:"sha256,omitempty"` // in hex, of a whole file that no checksum is published of
}

// readRecord reads the record of the file at path; one that is missing or broken says nothing.
func readRecord(path string) record {
	var r record
	data, err := os.ReadFile(path + ".json")
	if err != nil || json.Unmarshal(data, &r) != nil || r.Size < 0 || !hexadecimal.MatchString(r.SHA256) {
		return record{}
	}
	return r
}

// of is what the record says of the server's file now; nothing if it is of another address.
func (r record) of(f File) record {
	if r.URL != f.URL {
		return record{}
	}
	return r
}

// validator is what If-Range takes: a strong ETag, else the time of the last change; "" if there is neither.
func (r record) validator() string {
	if r.ETag != "" && !strings.HasPrefix(r.ETag, "W/") {
		return r.ETag
	}
	return r.Modified
}

// changed tells whether an answer is of another state of the file than the record is.
func (r record) changed(header http.Header) bool {
	etag, modified := header.Get("ETag"), header.Get("Last-Modified")
	return r.ETag != "" && etag != "" && etag != r.ETag || r.Modified != "" && modified != "" && modified != r.Modified
}

// write keeps the record, or removes it where there is nothing to keep.
func (r record) write(path string, keep bool) error {
	if !keep {
		return remove(path + ".json")
	}
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(path+".json", append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("keeping what is known of a download: %w", err)
	}
	return nil
}

// remove removes a file if it is there.
func remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// size returns a file's length in bytes; 0 if it is not there.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Bytes writes a count of bytes for people, such as "792 MB".
func Bytes(n int64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if value := float64(n) / unit.size; value >= 1 {
			if value < 10 {
				return fmt.Sprintf("%.1f %s", value, unit.name)
			}
			return fmt.Sprintf("%.0f %s", value, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
