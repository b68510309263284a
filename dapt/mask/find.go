package mask

import "github.com/dapt-go/dapt-go/dapt/dataset"

// Find returns where an item's mask is, below FS; "" if it has no file. It reads none.
func (f Files) Find(item dataset.Item) (string, error) {
	if err := f.validate(); err != nil {
		return "", err
	}
	return f.find(item)
}
