package study

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/session"
)

// Sample stands for a folder of images that [Open] writes: what one's own would be, with masks, from the mini benchmark.
const Sample = "sample"

// NewSample stands for a folder of images that nobody has labelled, beside the [Sample].
const NewSample = "new sample"

// sampleClasses are how many classes the sample folder has, sampleSize how many images of each.
const (
	sampleClasses = 6
	sampleSize    = 24
)

// sampleImages writes both, if they are not there, and returns the path of the sample.
func sampleImages() string {
	folder := filepath.Join(out(), "sample")
	photos := filepath.Join(folder, "photos")
	if _, err := os.Stat(photos); err == nil {
		return photos
	}
	check(os.MkdirAll(out(), 0o755))
	half := Get(os.MkdirTemp(out(), "sample-"))
	defer os.RemoveAll(half)
	writeSample(half)
	if err := os.Rename(half, folder); err != nil { // another process was faster, if it is there now
		Get(os.Stat(photos))
	}
	return photos
}

// writeSample writes photos and new into a folder.
func writeSample(folder string) {
	b := Get(experiment.Mini())
	ctx, truth := interruptible(), mask.For(b.Truth, b.Dataset)
	counts, step := map[int]int{}, len(b.Classes)/sampleClasses
	for _, item := range slices.Concat(b.Train, b.Test) {
		counts[item.Label]++
		switch place := counts[item.Label]; {
		case item.Label%step != 0:
		case place <= sampleSize:
			name := fmt.Sprintf("%s/%02d.png", item.Class, place)
			copyFile(b.FS, item.Path, filepath.Join(folder, "photos", name))
			img := Get(transform.Open(b.FS, item.Path))
			check(session.WritePicture(filepath.Join(folder, "photos", "mask", name), Get(truth.Mask(ctx, item, img))))
		case place == sampleSize+1:
			copyFile(b.FS, item.Path, filepath.Join(folder, "new", fmt.Sprintf("%02d.png", 1+item.Label/step)))
		}
		check(ctx.Err())
	}
}

func copyFile(from fs.FS, name, to string) {
	check(session.WriteFile(to, Get(fs.ReadFile(from, name))))
}

// Predict tells what the images of a folder are taken for, by the prompts that a finished run left.
func (s *Study) Predict(r experiment.Result, folder string) report.List {
	data := s.unlabelled(folder)
	engine := Get(s.Tuned(r))
	l := report.GuessList(data.Test, Get(engine.Predict(s.ctx, data, data.Test, 3, s.Train)))
	l.Notes = append(l.Notes, "By the prompts in "+shown(filepath.Join(s.RunFolder(r), train.PromptsFile))+".")
	return l
}

// Gallery shows the images of a folder.
func (s *Study) Gallery(folder string) report.ContactSheet {
	data := s.unlabelled(folder)
	row := report.SheetRow{Title: "images"}
	for _, item := range data.Test {
		row.Images = append(row.Images, Get(transform.Open(data.FS, item.Path)))
	}
	return report.ContactSheet{Title: "Images to classify", Rows: []report.SheetRow{row}}
}

// unlabelled are the images of a folder, to be classified among the study's classes.
func (s *Study) unlabelled(folder string) *dataset.Dataset {
	if folder == NewSample && s.data != Sample {
		check(errors.New("the new images are of the sample's classes and not of yours: put the path of a folder of images in place of study.NewSample"))
	}
	if folder == NewSample {
		folder = filepath.Join(filepath.Dir(sampleImages()), "new")
	}
	return Get(dataset.Unlabelled(folder, os.DirFS(folder), s.Benchmark.Classes))
}

// Best is the run whose first test went best, the first of equals.
func Best(results []experiment.Result) experiment.Result {
	best := results[0]
	for _, r := range results {
		if len(r.Epochs) > 0 && (len(best.Epochs) == 0 || r.Tests[0].Accuracy > best.Tests[0].Accuracy) {
			best = r
		}
	}
	return best
}
