// Package mini is the embedded benchmark: small pictures with true foreground
// masks in which objects of 60 classes stand on backgrounds that tell the
// class, as in photographs, or that do not.
//
// Objects are emoji sprites, backgrounds are drawn by a program, one for each
// of DAPT's background words. Every picture follows from its seed, its split
// and its number alone, and is made when it is opened: see [FS]. [Pretrain] is
// the endless stream of captioned pictures that the small CLIP learns from; it
// shows the 60 classes in two other drawing styles only.
//
// NOTICE.md names the sources and licences of the sprites.
package mini

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Side is the width and height of a picture in pixels.
const Side = 64

//go:embed data/index.json
var indexJSON []byte

// class is one of the downstream classes.
type class struct {
	Name    string
	Sprites []string // codes of its emoji
	Homes   []string // the backgrounds it is usually seen on
}

// emoji is one of the pictures of pretraining; a class shares some of them.
type emoji struct {
	Name     string
	Code     string // code points, as in the file names of the sources
	Keywords []string
	Homes    []string
	Fluent   bool // the Fluent style has it
	class    int  // the class it belongs to, -1 for none
}

type index struct {
	Backgrounds []string
	Classes     []class
	Emoji       []emoji
	row         map[string]int // of Emoji, by code
}

// loadIndex reads the embedded index, once.
var loadIndex = sync.OnceValue(func() *index {
	loaded := index{row: map[string]int{}}
	if err := json.Unmarshal(indexJSON, &loaded); err != nil {
		panic(fmt.Errorf("mini: embedded index: %w", err))
	}
	for i := range loaded.Emoji {
		e := &loaded.Emoji[i]
		loaded.row[e.Code] = i
		e.class = slices.IndexFunc(loaded.Classes, func(c class) bool { return slices.Contains(c.Sprites, e.Code) })
	}
	return &loaded
})

// Classes returns the 60 class names in the order of their labels, which is sorted.
func Classes() []string {
	var names []string
	for _, c := range loadIndex().Classes {
		names = append(names, c.Name)
	}
	return names
}

// BackgroundWords returns the 25 words that have a background, in DAPT's order.
func BackgroundWords() []string { return slices.Clone(loadIndex().Backgrounds) }
