package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/schollz/progressbar/v3"

	"github.com/dapt-go/dapt-go/tools/download"
)

// npmPackage is one exact package of the npm registry. The integrity is the
// registry's own: base64 of the SHA-512 of the tarball.
type npmPackage struct {
	name, version, integrity string
}

var (
	noto = npmPackage{
		"emoji-datasource-google", "16.0.0",
		"ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==",
	}
	twemoji = npmPackage{
		"emoji-datasource-twitter", "16.0.0",
		"7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==",
	}
	fluent = npmPackage{
		"@lobehub/fluent-emoji-3d", "1.1.0",
		"Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
	}
	emojiNames = npmPackage{
		"unicode-emoji-json", "0.9.0",
		"HdrQW/7SdbXUsTd8uTATv7LvQJkCSgbAgRCDCtOhQ6xn3EAx+xZHQtRniOXWJK3ywIqPegkNhP4U4EbuFsiQng==",
	}
	emojiKeywords = npmPackage{
		"emojilib", "4.0.3",
		"KbWiYre9aRSaPbHrHZIz9zmoM+21LAsK1VFJtnTh1VCtWE/rNMDviGhQTmselFl95dhqtGlY22iH0leG5BuW0g==",
	}
)

// registry is where the packages are fetched from and where the tarballs are kept.
type registry struct {
	url   string
	cache string
}

// files returns the package's files whose path below package/ wanted accepts, by path.
func (r registry) files(ctx context.Context, p npmPackage, wanted func(name string) bool) (map[string][]byte, error) {
	tarball, err := r.tarball(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("fetching %s@%s from %s into %s: %w", p.name, p.version, r.url, r.cache, err)
	}
	files, err := untar(tarball, wanted)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s@%s: %w", p.name, p.version, err)
	}
	return files, nil
}

// tarball returns the package's tarball from the cache or the registry, its integrity checked.
func (r registry) tarball(ctx context.Context, p npmPackage) ([]byte, error) {
	file := path.Base(p.name) + "-" + p.version + ".tgz"
	kept := filepath.Join(r.cache, file)
	bar := progressbar.DefaultBytes(-1, "fetching "+file)
	c := download.Client{Progress: func(done, total int64) {
		bar.ChangeMax64(cmp.Or(total, -1))
		_ = bar.Set64(done) // a bar that cannot be drawn is no reason to stop
	}}
	err := c.Fetch(ctx, download.File{URL: r.url + "/" + p.name + "/-/" + file, Path: kept})
	if download.Offline(err) {
		return nil, fmt.Errorf("%w; connect to the internet and run again", err)
	}
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(kept)
	if err != nil {
		return nil, err
	}
	if err := p.verify(data); err != nil {
		return nil, errors.Join(err, os.Remove(kept), os.Remove(kept+".json"))
	}
	return data, nil
}

func (p npmPackage) verify(tarball []byte) error {
	sum := sha512.Sum512(tarball)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != p.integrity {
		return fmt.Errorf("tarball has sha512-%s, want sha512-%s; run again to fetch it anew", got, p.integrity)
	}
	return nil
}

func untar(tarball []byte, wanted func(name string) bool) (map[string][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(header.Name, "package/")
		if !wanted(name) {
			continue
		}
		if files[name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}
