package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

func TestReportsOnPureGo(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), []string{"-check", "-backend=go"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"backend  go\n", "plugin   compute ", "cores    ", "GFLOP/s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("report is %q, want %q in it", out.String(), want)
		}
	}
}

func TestCheckInstallsNothingAndSaysWhereItLooked(t *testing.T) {
	cache := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, cache)
	}
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", "")
	var out strings.Builder
	err := run(context.Background(), []string{"-check", "-backend=xla:/nowhere/pjrt_c_api_cpu_plugin.so"}, &out, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "/nowhere/") || out.Len() > 0 {
		t.Errorf("a plugin that is not there: %v, printed %q", err, &out)
	}
	if err := run(context.Background(), []string{"-path", "-check"}, &out, io.Discard); err != nil && !strings.Contains(err.Error(), cache) {
		t.Errorf("no plugin: %v, want an error that names the cache folder", err)
	}
}

func TestBadArgumentsAreErrors(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"install"}, {"-backend=tpu"}} {
		if err := run(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("run(%q) is no error", args)
		}
	}
}
