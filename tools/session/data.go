package session

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// own opens a folder, a list or a split file of the user's own. Its name is that of the folder, or that of the file without
// its ending.
func (s Setup) own() (*dataset.Dataset, error) {
	whole, info, err := s.path()
	if err != nil {
		return nil, err
	}
	folder, file := filepath.Split(whole)
	ending := filepath.Ext(file)
	name := strings.TrimSuffix(file, ending)
	switch {
	case info.IsDir():
		return dataset.OpenFolder(file, os.DirFS(whole))
	case strings.EqualFold(ending, ".csv"):
		return dataset.OpenList(name, os.DirFS(folder), file)
	case strings.EqualFold(ending, ".json"):
		return dataset.OpenSplit(name, os.DirFS(folder), file)
	}
	return nil, fmt.Errorf("the data are %q, but %s is none of what data may be: %s", s.Data, whole, wanted)
}

// wanted is what data may be.
const wanted = "name a folder with a folder of images for each class, a list of images (.csv), a split file (.json), a benchmark such as OxfordPets, or mini"

// path looks for data of the user's own.
func (s Setup) path() (whole string, info os.FileInfo, err error) {
	if whole, err = filepath.Abs(home(s.Data)); err != nil {
		return "", nil, fmt.Errorf("looking for the data %q: %w", s.Data, err)
	}
	if info, err = os.Stat(whole); err != nil {
		return "", nil, fmt.Errorf("the data are %q, but there is no %s: %s", s.Data, whole, wanted)
	}
	return whole, info, nil
}

// Own reports whether Data are the path of the user's own, and not a name.
func (s Setup) Own() bool { return isFolder(s.Data) }

// Find is an error if Data are neither mini, nor the name of a benchmark, nor a path that leads somewhere. It opens nothing.
func (s Setup) Find() error {
	if s.Own() {
		_, _, err := s.path()
		return err
	}
	if s.Data == Mini {
		return nil
	}
	_, err := s.spec()
	return err
}

// spec is the benchmark that Data name.
func (s Setup) spec() (dataset.Spec, error) {
	spec, err := dataset.Find(s.Data)
	if err != nil {
		err = fmt.Errorf("%w; a folder of your own is named by its path, such as ./photos", err)
	}
	return spec, err
}

// listed reports whether a name is that of a list of images or of a split file.
func listed(name string) bool {
	return slices.Contains([]string{".csv", ".json"}, strings.ToLower(filepath.Ext(name)))
}

// Notes are what a user should know of opened data, a sentence each: how a benchmark differs from what was published of it,
// and which lists it lacks.
func (s Setup) Notes(b experiment.Benchmark) []string {
	var notes []string
	if spec, err := dataset.Find(b.Name); err == nil && !isFolder(s.Data) {
		notes = b.Differences(spec)
	}
	if len(b.Train) == 0 {
		notes = append(notes, b.Name+" has no training images: it can be tested, but nothing can be tuned on it")
	}
	if len(b.Test) == 0 {
		notes = append(notes, b.Name+" has no test images: nothing can be tested on it")
	}
	return notes
}

// addDraws lets a benchmark take the draws of others.
func (s Setup) addDraws(b *experiment.Benchmark) error {
	if s.Draws == "" || len(b.Train) == 0 {
		return nil
	}
	folder := home(s.Draws)
	if !strings.ContainsAny(folder, `/\\`) {
		folder = filepath.Join(s.Folder(), folder)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s to take draws from: put the files of %s there, as shot_16-seed_1.pkl, or leave out -draws", folder, b.Name)
	}
	b.Draws = os.DirFS(folder)
	return nil
}
