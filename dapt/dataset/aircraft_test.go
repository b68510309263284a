package dataset

import (
	"io/fs"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

func aircraftFiles() map[string]string {
	return map[string]string{
		"variants.txt":             "707-320\nF/A-18\nAn-12\n",
		"images_variant_train.txt": "0034309 F/A-18\n1340192 707-320\n", "images_variant_val.txt": "2 An-12\n", "images_variant_test.txt": "3 707-320\n",
	}
}

func TestAircraftIsReadFromItsLists(t *testing.T) {
	spec := spec(t, "FGVCAircraft")
	d, err := Open(spec, files(aircraftFiles()))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", d.Classes, []string{"707-320", "F/A-18", "An-12"})
	equal(t, "Train", d.Train, []Item{{Path: "images/0034309.jpg", Label: 1, Class: "F/A-18"}, {Path: "images/1340192.jpg", Label: 0, Class: "707-320"}})
	equal(t, "Val and Test", append(d.Val, d.Test...), []Item{{Path: "images/2.jpg", Label: 2, Class: "An-12"}, {Path: "images/3.jpg", Label: 0, Class: "707-320"}})

	contents := aircraftFiles()
	contents["images_variant_val.txt"] = "2 Zeppelin\n"
	_, err = Open(spec, files(contents))
	fails(t, "an unknown class", err, "opening FGVCAircraft", `images_variant_val.txt has the line "2 Zeppelin"`)
	contents["variants.txt"] = "Zeppelin\nzeppelin\n"
	_, err = Open(spec, files(contents))
	fails(t, "a class twice", err, "variants.txt", `"Zeppelin" and "zeppelin"`)
	delete(contents, "variants.txt")
	_, err = Open(spec, files(contents))
	fails(t, "no variants", err, "fetch it as CoOp's DATASETS.md says")
}

func FuzzAircraft(f *testing.F) {
	f.Add("707-320\nF/A-18\n", "0034309 F/A-18\n1340192 707-320\n")
	f.Add("a b\r\n", "\ufeff1 a b\r\n")
	f.Add("a\n", "../../1 a\n")
	f.Fuzz(func(t *testing.T, variants, list string) {
		contents := aircraftFiles()
		contents["variants.txt"], contents["images_variant_test.txt"] = variants, list
		contents["images_variant_train.txt"], contents["images_variant_val.txt"] = list, list
		var d *Dataset
		var err error
		// Each line of a few bytes becomes a class, or an item in each of three lists.
		alloc.Bound(t, 1<<20+512*uint64(len(variants)+len(list)), func() { d, err = Open(spec(t, "FGVCAircraft"), files(contents)) })
		if err != nil {
			return
		}
		for _, item := range d.Test {
			if d.belongs(item) != nil || !fs.ValidPath(item.Path) {
				t.Errorf("%q and %q make the item %+v of classes %q", variants, list, item, d.Classes)
			}
		}
	})
}
