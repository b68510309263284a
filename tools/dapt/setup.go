package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute/dtypes"
	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/tools/backend"
)

// setup is what the common flags choose.
type setup struct {
	backend, clip, data, root, out, dtype string
}

// benchmark opens the data set, and checks that its images are there.
func (s *setup) benchmark(ctx context.Context) (experiment.Benchmark, error) {
	if s.data == "mini" {
		return experiment.Mini()
	}
	spec, err := dataset.Find(s.data)
	if err != nil {
		return experiment.Benchmark{}, err
	}
	data, err := dataset.Open(spec, os.DirFS(filepath.Join(s.root, spec.Folder)))
	if err != nil {
		return experiment.Benchmark{}, fmt.Errorf("%w; -root names the folder that holds %s", err, spec.Folder)
	}
	return experiment.Benchmark{Dataset: data}, data.Check(ctx)
}

// model reads CLIP.
func (s *setup) model(ctx context.Context, c *cobra.Command) (*clip.Model, error) {
	if s.clip == "mini" {
		return mini.CLIP()
	}
	fmt.Fprintln(c.ErrOrStderr(), "reading "+s.clip+", which is downloaded if it is not here")
	return clip.Load(ctx, s.clip, downloadBar("downloading "+s.clip))
}

// lab opens the model, then the backend, which may have to be downloaded, and the results.
func (s *setup) lab(ctx context.Context, c *cobra.Command) (*experiment.Lab, func(), error) {
	m, err := s.model(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	device, info, err := backend.Open(ctx, backend.Options{
		Want: s.backend, Install: true, BFloat16: s.dtype == "bfloat16", Progress: downloadBar("downloading XLA"),
		Notice: func(line string) { fmt.Fprintln(c.ErrOrStderr(), "note:", line) },
	})
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s on %s (%s), %d cores\n", m.Name, info.Backend, info.Plugin, info.Cores)
	lab, err := experiment.Open(device, experiment.Backend{Name: info.Backend, Plugin: info.Plugin, PJRT: info.PJRT, Cores: info.Cores}, m, s.out)
	if err != nil {
		device.Finalize()
		return nil, nil, err
	}
	return lab, func() { lab.Close(); device.Finalize() }, nil
}

// compute returns the towers' compute type.
func (s *setup) compute() (dtypes.DType, error) {
	switch s.dtype {
	case "float32":
		return dtypes.Float32, nil
	case "bfloat16":
		return dtypes.BFloat16, nil
	}
	return dtypes.InvalidDType, fmt.Errorf("-dtype is %q, want float32 or bfloat16", s.dtype)
}

// masks returns the source that a name stands for; nil for none.
func (s *setup) masks(name string, b experiment.Benchmark) (mask.Source, error) {
	switch name {
	case "none":
		return nil, nil
	case "true":
		if b.Truth == nil {
			return nil, errors.New("-masks true is for the mini benchmark only; others have files or gradcam")
		}
		return b.Truth, nil
	case "files":
		return mask.Files{FS: b.FS}, nil
	case "gradcam":
		return mask.GradCAM{}, nil
	case "grid":
		return mask.Grid{}, nil
	}
	return nil, fmt.Errorf("-masks is %q, want none, true, files, gradcam or grid", name)
}
