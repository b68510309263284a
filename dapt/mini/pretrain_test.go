package mini

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Pretrained weights belong to this stream.
func TestPretrainingNeverChanges(t *testing.T) {
	sum := sha256.New()
	stream := Pretrain(1)
	for _, step := range []int{0, 1, 5000} {
		pixels, captions := stream.Batch(step, 128)
		sum.Write(pixels)
		fmt.Fprint(sum, captions)
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)[:8]), "ac8a7d4c3630c985"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestBatchDependsOnSeedAndStepAlone(t *testing.T) {
	pixels, captions := Pretrain(1).Batch(3, 32)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	stream := Pretrain(1)
	stream.Batch(0, 8)
	again, same := stream.Batch(3, 32)
	if !slices.Equal(pixels, again) || !slices.Equal(captions, same) {
		t.Error("the same seed and step gave another batch")
	}
	if other, _ := Pretrain(2).Batch(3, 32); slices.Equal(pixels, other) {
		t.Error("another seed gave the same pictures")
	}
	if other, _ := Pretrain(1).Batch(4, 32); slices.Equal(pixels, other) {
		t.Error("another step gave the same pictures")
	}
}

func TestNoTwoObjectsOfABatchShareAClass(t *testing.T) {
	drawn := Pretrain(1).objects(stream(1, "test", 0), 240)
	seen := map[string]bool{}
	for _, e := range drawn {
		key := e.Code
		if e.class >= 0 {
			key = Classes()[e.class]
		}
		if seen[key] {
			t.Errorf("%s is drawn twice", key)
		}
		seen[key] = true
	}
}

func TestPretrainingShowsTheClassesInTwoStylesOnly(t *testing.T) {
	inThree := 0
	for _, e := range loadIndex().Emoji {
		switch styles := len(e.styles()); {
		case e.class >= 0 && styles != 2:
			t.Errorf("%s of class %s is shown in %d styles", e.Name, Classes()[e.class], styles)
		case styles == 3:
			inThree++
		}
	}
	if inThree != 450-88-8 {
		t.Errorf("%d emoji in three styles, want %d", inThree, 450-88-8)
	}
}

func TestCaptionsHoldEveryWordOfPretraining(t *testing.T) {
	words := map[string]bool{}
	for _, sentence := range Captions() {
		for word := range strings.FieldsSeq(sentence) {
			words[word] = true
		}
	}
	stream := Pretrain(5)
	for step := range 4 {
		_, captions := stream.Batch(step, 64)
		for _, sentence := range captions {
			if strings.ContainsAny(sentence, "{}<>") {
				t.Errorf("caption %q has a hole", sentence)
			}
			for word := range strings.FieldsSeq(sentence) {
				if !words[word] {
					t.Errorf("%q of %q is not in Captions()", word, sentence)
				}
			}
		}
	}
}

func TestProbeShowsTheClassesInTurn(t *testing.T) {
	var first []uint8
	for _, style := range []string{"noto", "twemoji", "fluent"} {
		pixels, labels, err := Probe(style, 62, 1)
		if err != nil || len(pixels) != 62*3*Side*Side || labels[59] != 59 || labels[61] != 1 {
			t.Fatalf("Probe(%q) = %d bytes, labels %v, %v", style, len(pixels), labels, err)
		}
		if slices.Equal(pixels, first) {
			t.Errorf("%s shows what the style before showed", style)
		}
		first = pixels
	}
	if _, _, err := Probe("crayon", 1, 1); err == nil || !strings.Contains(err.Error(), "crayon") {
		t.Errorf("Probe of an unknown style: %v", err)
	}
}

func BenchmarkBatch(b *testing.B) {
	stream := Pretrain(1)
	step := 0
	for b.Loop() {
		stream.Batch(step, 256)
		step++
	}
	b.ReportMetric(float64(256*step)/b.Elapsed().Seconds(), "images/s")
}
