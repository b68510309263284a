package backend

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gomlx/go-xla/installer"
)

// pipSettings are what pip was told about where packages are, from its files and variables.
type pipSettings struct {
	indexes []string // simple indexes in the order to try; none means PyPI
	noIndex bool     // no index may be asked
}

// readPip reads pip's settings as pip does: system, user, virtual environment, PIP_CONFIG_FILE, then variables; the
// last one that sets a value wins. Files that are not there or cannot be read say nothing.
func readPip(getenv func(string) string) pipSettings {
	values := map[string]string{}
	for _, file := range pipFiles(getenv) {
		readPipFile(file, values)
	}
	for _, key := range []string{"index-url", "extra-index-url", "no-index"} {
		if value := getenv("PIP_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))); value != "" {
			values[key] = value
		}
	}
	s := pipSettings{indexes: strings.Fields(values["index-url"] + " " + values["extra-index-url"])}
	switch strings.ToLower(values["no-index"]) {
	case "1", "true", "yes", "on", "y", "t":
		s.noIndex = true
	}
	return s
}

// pipFiles lists pip's configuration files, the weakest first.
func pipFiles(getenv func(string) string) []string {
	own := getenv("PIP_CONFIG_FILE")
	if own == os.DevNull {
		return nil
	}
	files := []string{"/etc/xdg/pip/pip.conf", "/etc/pip.conf"}
	if home := getenv("HOME"); home != "" && own == "" {
		config := getenv("XDG_CONFIG_HOME")
		if config == "" {
			config = filepath.Join(home, ".config")
		}
		files = append(files, filepath.Join(home, ".pip", "pip.conf"), filepath.Join(config, "pip", "pip.conf"))
	}
	if environment := getenv("VIRTUAL_ENV"); environment != "" {
		files = append(files, filepath.Join(environment, "pip.conf"))
	}
	if own != "" {
		files = append(files, own)
	}
	return files
}

// readPipFile adds the values of the sections [global] and [download] of a pip.conf to values.
func readPipFile(name string, values map[string]string) {
	f, err := os.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	var section, key string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text := strings.TrimSpace(lines.Text())
		switch {
		case text == "" || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";"):
		case strings.HasPrefix(text, "["):
			section, key = strings.Trim(text, "[]"), ""
		case section != "global" && section != "download":
		case strings.ContainsAny(lines.Text()[:1], " \t") && key != "": // the value goes on
			values[key] += " " + text
		default:
			if i := strings.IndexAny(text, "=:"); i > 0 {
				key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(text[:i])), "_", "-")
				values[key] = strings.TrimSpace(text[i+1:])
			}
		}
	}
}

// addresses returns where r's archive can be fetched, best first. The error tells of the indexes that gave none.
func (s *search) addresses(ctx context.Context, r release) ([]string, error) {
	switch {
	case s.pip.noIndex:
		return nil, errors.New("pip is set to use no index")
	case len(s.pip.indexes) == 0:
		address, err := s.askPyPI(ctx, r)
		if err != nil {
			return nil, err
		}
		return []string{address}, nil
	}
	var found []string
	var failures []error
	for _, index := range s.pip.indexes {
		address, err := s.askIndex(ctx, index, r)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		found = append(found, address)
	}
	return found, errors.Join(failures...)
}

// askPyPI asks PyPI for r's address, by go-xla's installer. That has no time limit, so it is left behind when it takes
// too long.
func (s *search) askPyPI(ctx context.Context, r release) (string, error) {
	type answer struct {
		info *installer.PipPackageInfo
		err  error
	}
	answers, ask := make(chan answer, 1), s.pypi
	go func() {
		info, err := ask(r.name)
		answers <- answer{info, err}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, s.dial+s.stall, errors.New("PyPI did not answer"))
	defer cancel()
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("asking PyPI for %s: %w", r, context.Cause(ctx))
	case a := <-answers:
		if a.err != nil {
			return "", fmt.Errorf("asking PyPI for %s: %w", r, a.err)
		}
		return r.address(a.info)
	}
}

// address returns where PyPI says that r's archive is; a mirror writes it relative to the package's page.
func (r release) address(info *installer.PipPackageInfo) (string, error) {
	for _, file := range info.Releases[r.version] {
		if file.Filename != r.archive {
			continue
		}
		page, err := url.Parse(info.Info.ProjectURL)
		if err != nil {
			return "", fmt.Errorf("PyPI's page of %s: %w", r, err)
		}
		address, err := page.Parse(file.URL)
		if err != nil {
			return "", fmt.Errorf("PyPI's address of %s: %w", r.archive, err)
		}
		return address.String(), nil
	}
	return "", fmt.Errorf("PyPI has no file %s", r.archive)
}

// askIndex looks for r's archive on the page that a simple index (PEP 503 or 691) has for its package.
func (s *search) askIndex(ctx context.Context, index string, r release) (string, error) {
	page := strings.TrimSuffix(index, "/") + "/" + r.name + "/"
	base, err := url.Parse(page)
	if err != nil {
		return "", fmt.Errorf("pip's index-url: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("pip's index-url: %w", err)
	}
	request.Header.Set("Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
	response, stop, err := s.client(nil).Get(request)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", base.Redacted(), err)
	}
	defer stop()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking %s: %s", base.Redacted(), response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", base.Redacted(), err)
	}
	for _, link := range links(text) {
		address, err := response.Request.URL.Parse(link)
		if err == nil && path.Base(address.Path) == r.archive {
			address.Fragment = ""
			if address.User == nil && address.Host == base.Host {
				address.User = base.User
			}
			return address.String(), nil
		}
	}
	return "", fmt.Errorf("%s does not list %s", base.Redacted(), r.archive)
}

var anchor = regexp.MustCompile(`(?i)<a\s[^>]*href\s*=\s*["']([^"']+)["']`)

// links returns the addresses on an index's page, which is JSON or HTML.
func links(page []byte) []string {
	var listing struct {
		Files []struct{ URL string }
	}
	var found []string
	if json.Unmarshal(page, &listing) == nil {
		for _, file := range listing.Files {
			found = append(found, file.URL)
		}
		return found
	}
	for _, match := range anchor.FindAllSubmatch(page, -1) {
		found = append(found, html.UnescapeString(string(match[1])))
	}
	return found
}
