package safetensors

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// others are files that people have instead of the one that they want, by how they begin, and what to do.
var others = []struct{ begin, what string }{
	{"version https://git-lfs.github.com/spec/", "a pointer of git-lfs and not the file that it stands for: run git lfs pull where it lies, or download the file itself"},
	{"<", "a page of HTML or XML, such as a server sends instead of a file: open its address in a browser, and download the file itself"},
	{"\x1f\x8b\x08", "compressed by gzip: unpack it first"},
	{"Rar!\x1a\x07", "a RAR archive: unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"},
	{"\x89HDF\r\n\x1a\n", "a file of HDF5, as Keras writes: want safetensors or a file of PyTorch"},
	{"GGUF", "a file of GGUF, as llama.cpp reads: want safetensors or a file of PyTorch"},
}

// other says what a file is that is no safetensors file; "" if it does not look like any other.
func other(data []byte) string {
	head := data[:min(len(data), 512)]
	begin := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, o := range others {
		if bytes.HasPrefix(begin, []byte(o.begin)) && !isHeader(data) {
			return o.what
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive: unpack it first; a .pth.tar of PyTorch is none, whatever its name says"
	}
	if len(head) >= 16 && !isHeader(data) && printable(head) {
		return fmt.Sprintf("text, which begins with %.40q: want safetensors or a file of PyTorch", head)
	}
	return ""
}

// isHeader tells whether JSON stands where the header begins.
func isHeader(data []byte) bool { return len(data) > 8 && data[8] == '{' }

func printable(head []byte) bool {
	for len(head) > utf8.UTFMax { // the last character may be cut
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		head = head[size:]
	}
	return true
}
