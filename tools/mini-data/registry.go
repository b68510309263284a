package main

import (
	"bufio"
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// npmRegistry returns the registry npm would use: the environment's, the one
// of the user's .npmrc, or the public one.
func npmRegistry() string {
	fromEnvironment := cmp.Or(os.Getenv("NPM_CONFIG_REGISTRY"), os.Getenv("npm_config_registry"))
	home, _ := os.UserHomeDir() // without a home there is no .npmrc to read
	url := cmp.Or(fromEnvironment, registryIn(".npmrc"), registryIn(filepath.Join(home, ".npmrc")),
		"https://registry.npmjs.org")
	return strings.TrimSuffix(url, "/")
}

// registryIn returns the value of the registry line of an .npmrc file, or "" when there is none.
func registryIn(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if strings.TrimSpace(key) == "registry" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
