package dataset

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

// annotation is one of PASCAL VOC's with these objects: a name and the right lower corner of a box from pixel 1 each.
func annotation(objects ...string) string {
	var text strings.Builder
	text.WriteString("<annotation>\n\t<filename>1.jpg</filename>\n")
	for _, o := range objects {
		var name string
		var x, y float64
		fmt.Sscan(o, &name, &x, &y)
		fmt.Fprintf(&text, "\t<object><name>%s</name><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>900</xmax><ymax>900</ymax></bndbox></part>"+
			"<bndbox><xmax>%g</xmax><xmin>1</xmin><ymax>%g</ymax><ymin>1</ymin></bndbox></object>\n", name, x, y)
	}
	return text.String() + "</annotation>\n"
}

func vocFiles() map[string]string {
	const sets, notes = "VOCdevkit/VOC2012/ImageSets/Segmentation/", "VOCdevkit/VOC2012/Annotations/"
	return map[string]string{
		sets + "train.txt": "2007_000032\n2007_000039\n", sets + "val.txt": "2007_000033\n",
		notes + "2007_000032.xml": annotation("person 10 10", "dog 15 15", "person 10 13"),
		notes + "2007_000039.xml": annotation("tvmonitor 20.5 20"),
		notes + "2007_000033.xml": annotation("pottedplant 10 20", "diningtable 20 10"),
		notes + "2007_000001.xml": annotation("sheep 2 2"),
	}
}

func TestVOCTakesTheClassOfTheLargestBoxes(t *testing.T) {
	contents := vocFiles()
	d, err := Open(spec(t, "VOC12"), files(contents))
	if err != nil {
		t.Fatal(err)
	}
	item := func(id string, label int, class string) Item {
		return Item{Path: "VOCdevkit/VOC2012/JPEGImages/" + id + ".jpg", Label: label, Class: class, Mask: "VOCdevkit/VOC2012/SegmentationClass_All/" + id + ".png"}
	}
	equal(t, "Train", d.Train, []Item{item("2007_000032", 14, "person"), item("2007_000039", 19, "tvmonitor")})
	equal(t, "Val", d.Val, []Item{item("2007_000033", 10, "table")}) // of two with one area, the first class
	equal(t, "Test", d.Test, d.Val)
	equal(t, "classes", len(d.Classes), 20)

	contents["VOCdevkit/VOC2012/ImageSets/Segmentation/train_aug.txt"] = "2007_000001\n"
	if d, err = Open(spec(t, "VOC12"), files(contents)); err != nil {
		t.Fatal(err)
	}
	equal(t, "Train with train_aug.txt", d.Train, []Item{item("2007_000001", 16, "sheep")})
}

func TestVOCSaysWhatIsWrong(t *testing.T) {
	const sets, note = "VOCdevkit/VOC2012/ImageSets/Segmentation/", "VOCdevkit/VOC2012/Annotations/2007_000039.xml"
	for name, c := range map[string]struct{ file, content, want string }{
		"no list":              {sets + "val.txt", "", "val.txt is empty: unpack VOCtrainval_11-May-2012.tar"},
		"a list of paths":      {sets + "train.txt", "/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png", "want one image's number a line"},
		"an unknown image":     {sets + "train.txt", "2007_000040", "2007_000040.xml"},
		"a broken annotation":  {note, "<annotation><object>", "2007_000039.xml, unpack it anew"},
		"an empty annotation":  {note, annotation(), "it has no object"},
		"an unknown class":     {note, annotation("unicorn 3 4"), `object "unicorn"`},
		"a box without pixels": {note, annotation("cat 0 4"), `object "cat" with a box 0 wide and 4 high`},
		"a box without sense":  {note, strings.ReplaceAll(annotation("cat 3 4"), "<xmax>3<", "<xmax>NaN<"), "NaN wide"},
	} {
		contents := vocFiles()
		contents[c.file] = c.content
		_, err := Open(spec(t, "VOC12"), files(contents))
		fails(t, "VOC12 with "+name, err, "opening VOC12", c.want)
	}
}

func FuzzAnnotation(f *testing.F) {
	f.Add(annotation("person 10 10", "dog 15 15"))
	f.Add(annotation())
	f.Add("<annotation><object><name>cat</name><bndbox><xmin>-1e308</xmin><xmax>1e308</xmax><ymin>1</ymin><ymax>2</ymax></bndbox></object></annotation>")
	f.Fuzz(func(t *testing.T, text string) {
		contents := vocFiles()
		contents["VOCdevkit/VOC2012/Annotations/2007_000039.xml"] = text
		var d *Dataset
		var err error
		// Each tag and attribute of a few bytes becomes a token.
		alloc.Bound(t, 1<<20+512*uint64(len(text)), func() { d, err = Open(spec(t, "VOC12"), files(contents)) })
		if err == nil && !strings.Contains(text, "object") {
			t.Errorf("%q makes class %q, want an error: it has no object", text, d.Train[1].Class)
		}
		if err == nil && d.belongs(d.Train[1]) != nil {
			t.Errorf("%q makes the item %+v, which is none of the data set", text, d.Train[1])
		}
	})
}
