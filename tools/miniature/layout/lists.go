package layout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"path"
	"strconv"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// split writes the split file.
func split(w *writer) error {
	d := &dataset.Dataset{Train: w.lists[train], Val: w.lists[val], Test: w.lists[test]}
	var data bytes.Buffer
	err := d.WriteSplit(&data)
	w.add(w.Split, data.Bytes())
	return err
}

// classNames writes classnames.txt, which names all of ImageNet's classes, also those that a variant has no image of.
func classNames(w *writer) error {
	var lines []string
	for _, c := range imageNetClasses {
		lines = append(lines, c.folder+" "+c.name)
	}
	w.text("classnames.txt", lines)
	if w.Name == "ImageNetA" || w.Name == "ImageNetR" {
		w.text(w.Images+"/README.txt", []string{"A miniature of " + w.Name + "."})
	}
	return nil
}

// caltech adds the two folders that are no classes.
func caltech(w *writer) error {
	for i, folder := range []string{"BACKGROUND_Google", "Faces_easy"} {
		var data bytes.Buffer
		if err := jpeg.Encode(&data, w.picture(i, 0).image, nil); err != nil {
			return err
		}
		w.add(path.Join(w.Images, folder, "image_0001.jpg"), data.Bytes())
	}
	return split(w)
}

// pets writes the official lists, of training and validation images together and of test images: name, class, species and
// breed, counted from 1.
func pets(w *writer) error {
	list := func(items []dataset.Item) (lines []string) {
		for _, item := range items {
			species := 1
			if item.Path[0] >= 'a' {
				species = 2 // dogs are in lower case
			}
			lines = append(lines, fmt.Sprintf("%s %d %d %d", strings.TrimSuffix(item.Path, ".jpg"), item.Label+1, species, item.Label+1))
		}
		return lines
	}
	w.text("annotations/trainval.txt", list(w.both()))
	w.text("annotations/test.txt", list(w.lists[test]))
	return split(w)
}

// both are the training and validation images.
func (w *writer) both() []dataset.Item {
	return append(append([]dataset.Item{}, w.lists[train]...), w.lists[val]...)
}

// flowers writes the names by label, counted from 1.
func flowers(w *writer) error {
	names := map[string]string{}
	for label, c := range w.classes {
		names[strconv.Itoa(label+1)] = c.name
	}
	data, err := json.Marshal(names)
	if err != nil {
		return err
	}
	w.add("cat_to_name.json", data)
	return split(w)
}

func aircraft(w *writer) error {
	var variants []string
	for _, c := range w.classes {
		variants = append(variants, c.name)
	}
	w.text("variants.txt", variants)
	for list, part := range []string{"train", "val", "test"} {
		var lines []string
		for _, item := range w.lists[list] {
			lines = append(lines, strings.TrimSuffix(item.Path, ".jpg")+" "+item.Class)
		}
		w.text("images_variant_"+part+".txt", lines)
	}
	return nil
}

// sun writes the official lists of paths.
func sun(w *writer) error {
	paths := func(items []dataset.Item) (lines []string) {
		for _, item := range items {
			lines = append(lines, "/"+item.Path)
		}
		return lines
	}
	var names []string
	for _, c := range w.classes {
		names = append(names, "/"+c.folder)
	}
	w.text("ClassName.txt", names)
	w.text("Training_01.txt", paths(w.both()))
	w.text("Testing_01.txt", paths(w.lists[test]))
	return split(w)
}

// actions writes the official lists of videos.
func actions(w *writer) error {
	var names []string
	for label, c := range w.classes {
		names = append(names, fmt.Sprintf("%d %s", label+1, strings.ReplaceAll(c.name, "_", "")))
	}
	video := func(item dataset.Item) string {
		return strings.ReplaceAll(item.Class, "_", "") + "/" + strings.TrimSuffix(path.Base(item.Path), ".jpg") + ".avi"
	}
	var tuned, tested []string
	for _, item := range w.both() {
		tuned = append(tuned, fmt.Sprintf("%s %d", video(item), item.Label+1))
	}
	for _, item := range w.lists[test] {
		tested = append(tested, video(item))
	}
	w.text("ucfTrainTestlist/classInd.txt", names)
	w.text("ucfTrainTestlist/trainlist01.txt", tuned)
	w.text("ucfTrainTestlist/testlist01.txt", tested)
	return split(w)
}

// vocClasses are some of PASCAL VOC's, as annotations call them, in its order. Labels here are places in this list only.
var vocClasses = []class{
	{"aeroplane", "aeroplane"}, {"cat", "cat"}, {"diningtable", "table"}, {"dog", "dog"}, {"pottedplant", "plant"}, {"tvmonitor", "tvmonitor"},
}

// voc writes the lists of validation images, which are the test images too, and the annotations: of each image its object
// and a smaller one of another class.
func voc(w *writer) error {
	const folder = "VOCdevkit/VOC2012/"
	sets := map[string][]dataset.Item{"train_aug": w.lists[train], "train": w.lists[train][:1], "val": append(w.lists[val], w.lists[test]...)}
	for set, items := range sets {
		var ids []string
		for _, item := range items {
			ids = append(ids, strings.TrimSuffix(item.Path, ".jpg"))
			other := w.classes[(item.Label+1)%len(w.classes)]
			w.add(folder+"Annotations/"+ids[len(ids)-1]+".xml", fmt.Appendf(nil,
				"<annotation>\n\t<folder>VOC2012</folder>\n\t<filename>%s</filename>\n%s%s</annotation>\n",
				item.Path, object(other.folder, box{Max: box{}.Max.Add(w.boxes[item.Path].Size().Div(2))}), object(w.classes[item.Label].folder, w.boxes[item.Path])))
		}
		w.text(folder+"ImageSets/Segmentation/"+set+".txt", ids)
	}
	return nil
}

// object is an object of an annotation, whose corners count from 1 and belong to it.
func object(name string, at box) string {
	return fmt.Sprintf("\t<object>\n\t\t<name>%s</name>\n\t\t<bndbox>\n\t\t\t<xmin>%d</xmin>\n\t\t\t<ymin>%d</ymin>\n\t\t\t<xmax>%d</xmax>\n\t\t\t<ymax>%d</ymax>\n\t\t</bndbox>\n\t</object>\n",
		name, at.Min.X+1, at.Min.Y+1, at.Max.X, at.Max.Y)
}
