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
	whole, err := filepath.Abs(home(s.Data))
	if err != nil {
		return nil, fmt.Errorf("looking for the data %q: %w", s.Data, err)
	}
	info, err := os.Stat(whole)
	folder, file := filepath.Split(whole)
	ending := filepath.Ext(file)
	name := strings.TrimSuffix(file, ending)
	const wanted = "name a folder with a folder of images for each class, a list of images (.csv), a split file (.json), a benchmark such as OxfordPets, or mini"
	switch {
	case err != nil:
		return nil, fmt.Errorf("the data are %q, but there is no %s: %s", s.Data, whole, wanted)
	case info.IsDir():
		return dataset.OpenFolder(file, os.DirFS(whole))
	case strings.EqualFold(ending, ".csv"):
		return dataset.OpenList(name, os.DirFS(folder), file)
	case strings.EqualFold(ending, ".json"):
		return dataset.OpenSplit(name, os.DirFS(folder), file)
	}
	return nil, fmt.Errorf("the data are %q, but %s is none of what data may be: %s", s.Data, whole, wanted)
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
