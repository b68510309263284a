package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// Options are what an HTML report shows beside the results.
type Options struct {
	Title    string         // "" means "DAPT"
	Lead     string         // what was done, in a sentence or two; "" leaves it out
	Overlays []Overlay      // where the model looks, on some images
	Sheets   []ContactSheet // such as what selection methods keep
	Next     string         // a command to try next; "" leaves it out
}

// Overlay is an image with its mask and with Grad-CAM maps before and after tuning.
type Overlay struct {
	Title   string      // such as the class
	Caption string      // "" leaves it out
	Image   image.Image // sides over 224 pixels are shrunk
	Mask    *image.Gray // of the image's size, 255 is the object; nil draws none
	Heats   []Heat      // before tuning first
}

// HTML is one page that needs nothing beside it: tables, curves, overlays, and the settings that the numbers come from.
// It loads nothing from elsewhere, follows the reader's light or dark theme, and can be printed.
//
// Errors are those of [HarmonicTable] and [DataEfficientTable], overlays that lack an image or have maps or masks of another
// size, and sheets that lack an image.
func HTML(results []experiment.Result, o Options) ([]byte, error) {
	s, err := newStudy(results)
	if err != nil {
		return nil, err
	}
	if o.Title == "" {
		o.Title = "DAPT"
	}
	p := page{Options: o, Sources: s.sources()}
	if err := p.addResults(s); err != nil {
		return nil, err
	}
	for i, overlay := range o.Overlays {
		stack, err := newStack(i, overlay)
		if err != nil {
			return nil, fmt.Errorf("report: overlay %q: %w", overlay.Title, err)
		}
		p.Stacks = append(p.Stacks, stack)
	}
	for _, sheet := range o.Sheets {
		gallery, err := newGallery(sheet, thumbnailSide)
		if err != nil {
			return nil, fmt.Errorf("report: sheet %q: %w", sheet.Title, err)
		}
		p.Galleries = append(p.Galleries, gallery)
	}
	return []byte(render("page", p)), nil
}

// page is what the template reads.
type page struct {
	Options
	Tables, Focus, Overlaps []Table
	Published               []List    // beside the first table
	Compared                []List    // above all tables
	Differences             []drawing // below the first of those
	Figures, Maps, Curves   []drawing // beside the tables, the overlaps, and by epoch
	Stacks                  []stack
	Galleries               []gallery
	Sources                 source
}

// addResults adds the protocol's tables and figures. There are too many data-efficient runs to show each by epoch.
func (p *page) addResults(s *study) error {
	if s.protocol() == dataEfficient {
		figures, err := s.ratioCurves()
		p.Tables, p.Overlaps = append(s.ratioTables(), s.gainTables()...), s.overlapTables()
		p.Figures, p.Maps = drawings(figures), drawings(s.overlapMaps())
		return err
	}
	p.Tables = []Table{s.accuracyTable()}
	if beside := readPublished().beside(s.protocol(), p.Tables[0]); len(beside.Lines) > 1 {
		beside.mind(s.runs())
		p.Published = []List{beside}
	}
	if len(s.focusLists()) > 0 {
		p.Focus = []Table{s.focusTable()}
	}
	if s.protocol() == fewShot {
		figures, err := s.shotCurves()
		if err != nil {
			return err
		}
		p.Figures = drawings(figures)
	}
	figures, err := s.curves()
	p.Curves = drawings(figures)
	return err
}

// drawing is a Figure whose SVG, being ours and escaped, goes into the page as it is.
type drawing struct {
	Title string
	SVG   template.HTML
}

func drawings(figures []Figure) []drawing {
	list := make([]drawing, len(figures))
	for i, f := range figures {
		list[i] = drawing{f.Title, template.HTML(f.SVG)}
	}
	return list
}

// stack is an overlay as layers: the image is stored once and used by all panels.
type stack struct {
	Overlay
	ID            string
	Width, Height int
	Base, Outline template.URL
	Panels        []panel
}

type panel struct {
	Label   string
	Heat    template.URL // "" is none
	Outline bool
}

const overlaySide = 224 // longest side of an embedded image, in pixels

func newStack(number int, o Overlay) (stack, error) {
	if o.Image == nil || o.Image.Bounds().Empty() {
		return stack{}, fmt.Errorf("no image")
	}
	size := o.Image.Bounds().Size()
	if o.Mask != nil && o.Mask.Bounds().Size() != size {
		return stack{}, fmt.Errorf("mask is %v, the image %v; want the same size", o.Mask.Bounds().Size(), size)
	}
	base := shrink(o.Image, overlaySide)
	area := base.Rect
	s := stack{Overlay: o, ID: fmt.Sprintf("image-%d", number), Width: area.Dx(), Height: area.Dy(), Panels: []panel{{Label: "image"}}}
	var err error
	if s.Base, err = dataURI(base); err != nil {
		return stack{}, err
	}
	if o.Mask != nil {
		small := image.NewGray(area)
		draw.NearestNeighbor.Scale(small, area, o.Mask, o.Mask.Bounds(), draw.Src, nil)
		if s.Outline, err = dataURI(Outline(small)); err != nil {
			return stack{}, err
		}
		s.Panels = append(s.Panels, panel{Label: "true mask", Outline: true})
	}
	for _, heat := range o.Heats {
		layer, err := heat.Layer(area.Size())
		if err != nil {
			return stack{}, err
		}
		uri, err := dataURI(layer)
		if err != nil {
			return stack{}, err
		}
		s.Panels = append(s.Panels, panel{heat.Label, uri, o.Mask != nil})
	}
	return s, nil
}

// shrink copies an image; longer sides than side shrink to it.
func shrink(img image.Image, side int) *image.NRGBA {
	size := img.Bounds().Size()
	area := image.Rectangle{Max: size}
	if max(size.X, size.Y) > side {
		area = fit(size, image.Rect(0, 0, side, side))
		area = area.Sub(area.Min)
	}
	small := image.NewNRGBA(area)
	draw.CatmullRom.Scale(small, area, img, img.Bounds(), draw.Src, nil)
	return small
}

func dataURI(img image.Image) (template.URL, error) {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, img); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil
}

// source is where the numbers come from.
type source struct {
	Backbones, Backends, Codes []string
	Tests                      []testSource
	Selects                    bool // some run keeps a part of the images
	Runs                       []experiment.Result
	Settings                   []setting
}

type testSource struct {
	Dataset, Name   string
	Images, Classes int
}

type setting struct{ Name, Text string }

func (s *study) sources() source {
	var out source
	listed := map[testSource]bool{}
	for _, g := range s.groups {
		out.Settings = append(out.Settings, setting{g.dataset + ", " + s.label(g.variant), settings(g.runs[0])})
		for _, r := range g.runs {
			out.Runs = append(out.Runs, r)
			out.Selects = out.Selects || r.Selection != nil
			out.Backbones = appendNew(out.Backbones, r.Backbone)
			out.Backends = appendNew(out.Backends, backendText(r.Backend))
			out.Codes = appendNew(out.Codes, r.Code)
			for _, t := range r.Tests {
				row := testSource{r.Dataset, t.Name, t.Images, len(t.Classes)}
				if !listed[row] {
					listed[row] = true
					out.Tests = append(out.Tests, row)
				}
			}
		}
	}
	return out
}

//go:embed page.html
var pageHTML string

var templates = template.Must(template.New("").
	Funcs(template.FuncMap{"labels": Table.labels, "seeds": Row.seeds, "kept": keptText}).
	Parse(pageHTML))

// render executes a template of page.html. What it is given is checked: only a broken template fails.
func render(name string, data any) string {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		panic(err)
	}
	return out.String()
}
