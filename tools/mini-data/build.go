package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// choice.json holds the background words, the classes and the pretraining
// emoji of the benchmark: an index without keywords and without the Fluent mark.
//
//go:embed choice.json
var choiceJSON []byte

// index is what dapt/mini reads; the rows of each atlas follow its emoji.
type index struct {
	Backgrounds []string `json:"backgrounds"`
	Classes     []class  `json:"classes"`
	Emoji       []emoji  `json:"emoji"`
}

type class struct {
	Name    string   `json:"name"`
	Sprites []string `json:"sprites"` // codes of its emoji
	Homes   []string `json:"homes"`   // backgrounds it is usually seen on
}

type emoji struct {
	Name     string   `json:"name"`
	Code     string   `json:"code"` // code points, as in the packages' file names
	Keywords []string `json:"keywords,omitempty"`
	Homes    []string `json:"homes"`
	Fluent   bool     `json:"fluent"` // has a row in the Fluent atlas
}

// build makes the embedded files, by name.
func build(ctx context.Context, from registry) (map[string][]byte, error) {
	var all index
	if err := json.Unmarshal(choiceJSON, &all); err != nil {
		return nil, fmt.Errorf("choice.json: %w", err)
	}
	files := map[string][]byte{}
	for _, s := range styles {
		pictures, err := s.pictures(ctx, from, all.Emoji)
		if err != nil {
			return nil, err
		}
		if files[s.file], err = atlas(pictures); err != nil {
			return nil, fmt.Errorf("%s: %w", s.file, err)
		}
	}
	if err := all.describe(ctx, from); err != nil {
		return nil, err
	}
	var err error
	files["index.json"], err = all.encode()
	return files, err
}

// style is one way of drawing: an atlas and where its pictures come from.
type style struct {
	file        string
	source      npmPackage
	folder, ext string
	partial     bool // some emoji may be missing; Fluent marks those it has
}

var styles = []style{
	{"noto.png", noto, "img/google/64/", ".png", false},
	{"twemoji.png", twemoji, "img/twitter/64/", ".png", false},
	{"fluent.png", fluent, "assets/", ".webp", true},
}

// pictures returns the encoded pictures of the emoji, in their order.
func (s style) pictures(ctx context.Context, from registry, of []emoji) ([][]byte, error) {
	wanted := map[string]bool{}
	for _, e := range of {
		wanted[s.folder+e.Code+s.ext] = true
	}
	files, err := from.files(ctx, s.source, func(name string) bool { return wanted[name] })
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for i := range of {
		data, ok := files[s.folder+of[i].Code+s.ext]
		if s.partial {
			of[i].Fluent = ok
		} else if !ok {
			return nil, fmt.Errorf("%s has no picture of %s, %s", s.source.name, of[i].Name, of[i].Code)
		}
		if ok {
			found = append(found, data)
		}
	}
	return found, nil
}

// describe checks the names against unicode-emoji-json and takes keywords from emojilib.
func (x *index) describe(ctx context.Context, from registry) error {
	var names map[string]struct{ Name string }
	if err := readJSON(ctx, from, emojiNames, "data-by-emoji.json", &names); err != nil {
		return err
	}
	var keywords map[string][]string
	if err := readJSON(ctx, from, emojiKeywords, "dist/emoji-en-US.json", &keywords); err != nil {
		return err
	}
	for i := range x.Emoji {
		e := &x.Emoji[i]
		symbol, err := characters(e.Code)
		if err != nil {
			return err
		}
		if want := strings.ToLower(names[symbol].Name); e.Name != want {
			return fmt.Errorf("%s is %q in choice.json, %q in %s", e.Code, e.Name, want, emojiNames.name)
		}
		e.Keywords = x.usable(keywords[symbol], e.Name)
	}
	return nil
}

func readJSON(ctx context.Context, from registry, source npmPackage, name string, into any) error {
	files, err := from.files(ctx, source, func(other string) bool { return other == name })
	if err != nil {
		return err
	}
	if err := json.Unmarshal(files[name], into); err != nil {
		return fmt.Errorf("%s of %s: %w", name, source.name, err)
	}
	return nil
}

// encode writes a class or an emoji a line.
func (x *index) encode() ([]byte, error) {
	backgrounds, err := json.Marshal(x.Backgrounds)
	if err != nil {
		return nil, err
	}
	classes, err := lines(x.Classes)
	if err != nil {
		return nil, err
	}
	emoji, err := lines(x.Emoji)
	return fmt.Appendf(nil, "{\n\"backgrounds\": %s,\n\"classes\": %s,\n\"emoji\": %s\n}\n", backgrounds, classes, emoji), err
}

// lines is a JSON list with one line an item.
func lines[T any](items []T) (string, error) {
	encoded := make([]string, len(items))
	for i, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return "", err
		}
		encoded[i] = string(line)
	}
	return "[\n" + strings.Join(encoded, ",\n") + "\n]", nil
}

// characters turns "1f415-200d-1f9ba" into the emoji itself.
func characters(code string) (string, error) {
	var symbol strings.Builder
	for part := range strings.SplitSeq(code, "-") {
		point, err := strconv.ParseUint(part, 16, 21)
		if err != nil {
			return "", fmt.Errorf("code point of %q: %w", code, err)
		}
		symbol.WriteRune(rune(point))
	}
	return symbol.String(), nil
}

const mostKeywords = 6

// usable keeps the first keywords that are plain lower-case words and name
// neither the emoji itself, nor a class, nor a background: those would call
// one thing by another's name.
func (x *index) usable(keywords []string, name string) []string {
	var kept []string
	for _, word := range keywords {
		isClass := slices.ContainsFunc(x.Classes, func(c class) bool { return c.Name == word })
		if isClass || slices.Contains(x.Backgrounds, word) || slices.Contains(kept, word) ||
			strings.Contains(name, word) || !plain(word) {
			continue
		}
		if kept = append(kept, word); len(kept) == mostKeywords {
			break
		}
	}
	return kept
}

// plain reports whether the word has only the letters a to z, and at least three of them.
func plain(word string) bool {
	return len(word) >= 3 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == ""
}
