package experiment

import (
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/mini"
)

// Mini opens the embedded benchmark: objects on the backgrounds that they are usually seen on, with two further
// conditions, "shift", objects where they are never seen, and "background", the same pictures without the object.
func Mini() (Benchmark, error) {
	b := Benchmark{Truth: mask.Files{FS: mini.FS()}}
	var err error
	if b.Dataset, err = openMini("Mini"); err != nil {
		return b, err
	}
	for _, name := range []string{"Shift", "Background"} {
		d, err := openMini("Mini" + name)
		if err != nil {
			return b, err
		}
		b.Conditions = append(b.Conditions, Condition{strings.ToLower(name), d.Test})
	}
	return b, nil
}

func openMini(name string) (*dataset.Dataset, error) {
	spec := dataset.Spec{Name: name, Images: "images", Split: "split_zhou_" + name + ".json", Template: "a photo of a {}."}
	d, err := dataset.Open(spec, mini.FS())
	if err != nil {
		return nil, fmt.Errorf("experiment: the embedded benchmark: %w", err)
	}
	return d, nil
}

// MiniTargets are the two further conditions of [Mini] as data sets of their own, MiniShift and MiniBackground: targets of
// [DomainGeneralization].
func MiniTargets() ([]Benchmark, error) {
	var targets []Benchmark
	for _, name := range []string{"MiniShift", "MiniBackground"} {
		d, err := openMini(name)
		if err != nil {
			return nil, err
		}
		targets = append(targets, Benchmark{Dataset: d})
	}
	return targets, nil
}
