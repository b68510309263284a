package report

import (
	"fmt"
	"html/template"
	"image"
	"image/color"
	"unicode/utf8"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// SheetRow is one line of a contact sheet.
type SheetRow struct {
	Title  string // such as the image's path and class
	Images []image.Image
}

// ContactSheet is rows of images under a title, such as what each selection method keeps.
type ContactSheet struct {
	Title   string
	Columns []string // names of the rows' images, such as "mask"; nil where a row's images are of one kind
	Rows    []SheetRow
}

// Image draws the sheet as [Sheet] does: with its columns' names or else its title above, wide enough for all titles.
func (s ContactSheet) Image() image.Image {
	if s.Columns != nil {
		return Sheet(s.Columns, s.Rows)
	}
	longest := utf8.RuneCountInString(s.Title)
	for _, row := range s.Rows {
		longest = max(longest, utf8.RuneCountInString(row.Title))
	}
	room := make([]string, (longest*basicfont.Face7x13.Advance+sheetGap)/(sheetCell+sheetGap)+1)
	sheet := Sheet(room, s.Rows)
	write(sheet, s.Title, sheetGap, 0, sheet.Rect.Max.X-sheetGap)
	return sheet
}

// HTML is the sheet as a fragment, for a notebook, with images at least as large as those of [Sheet]. It is an error if it
// lacks an image.
func (s ContactSheet) HTML() (string, error) {
	g, err := newGallery(s, sheetCell)
	if err != nil {
		return "", fmt.Errorf("report: sheet %q: %w", s.Title, err)
	}
	for _, row := range g.Rows {
		for i, t := range row.Images {
			size := fit(image.Pt(t.Width, t.Height), image.Rect(0, 0, sheetCell, sheetCell)).Size()
			row.Images[i].Width, row.Images[i].Height = size.X, size.Y
		}
	}
	return render("sheet", g), nil
}

// gallery is a contact sheet in a page.
type gallery struct {
	Title   string
	Columns []string
	Rows    []galleryRow
}

type galleryRow struct {
	Title  string
	Images []thumbnail
}

type thumbnail struct {
	URI           template.URL
	Alt           string
	Width, Height int
}

// thumbnailSide is the longest side of a page's thumbnail, in pixels.
const thumbnailSide = 96

// newGallery shrinks images whose longest side is over so many pixels.
func newGallery(s ContactSheet, side int) (gallery, error) {
	g := gallery{Title: s.Title, Columns: s.Columns}
	for _, row := range s.Rows {
		line := galleryRow{Title: row.Title}
		for i, img := range row.Images {
			if img == nil || img.Bounds().Empty() {
				return gallery{}, fmt.Errorf("row %q has no image at place %d", row.Title, i)
			}
			small := shrink(img, side)
			uri, err := dataURI(small)
			if err != nil {
				return gallery{}, err
			}
			alt := fmt.Sprintf("%s: image %d of %d", row.Title, i+1, len(row.Images))
			if i < len(s.Columns) {
				alt = row.Title + ": " + s.Columns[i]
			}
			line.Images = append(line.Images, thumbnail{uri, alt, small.Rect.Dx(), small.Rect.Dy()})
		}
		g.Rows = append(g.Rows, line)
	}
	return g, nil
}

// Sizes of a contact sheet, in pixels.
const (
	sheetCell = 128
	sheetGap  = 8
	sheetText = 16 // height of a line of text
)

// sheetColor sets off white masks.
var sheetColor = image.NewUniform(color.Gray{224})

// Sheet is a contact sheet: a line of columns' names, then for each row its title and its images, shrunk or enlarged to
// fit squares of 128 pixels. A nil image leaves a gap.
func Sheet(columns []string, rows []SheetRow) *image.RGBA {
	count := len(columns)
	for _, row := range rows {
		count = max(count, len(row.Images))
	}
	height := sheetText + len(rows)*(sheetText+sheetCell+sheetGap) + sheetGap
	sheet := image.NewRGBA(image.Rect(0, 0, sheetGap+count*(sheetCell+sheetGap), height))
	draw.Draw(sheet, sheet.Rect, sheetColor, image.Point{}, draw.Src)
	left := func(i int) int { return sheetGap + i*(sheetCell+sheetGap) }
	for i, title := range columns {
		write(sheet, title, left(i), 0, left(i)+sheetCell)
	}
	for i, row := range rows {
		top := sheetText + i*(sheetText+sheetCell+sheetGap)
		write(sheet, row.Title, sheetGap, top, sheet.Rect.Max.X-sheetGap)
		for j, img := range row.Images {
			if img == nil {
				continue
			}
			cell := image.Rect(0, 0, sheetCell, sheetCell).Add(image.Pt(left(j), top+sheetText))
			draw.CatmullRom.Scale(sheet, fit(img.Bounds().Size(), cell), img, img.Bounds(), draw.Over, nil)
		}
	}
	return sheet
}

// fit centres a rectangle of size's proportions in cell.
func fit(size image.Point, cell image.Rectangle) image.Rectangle {
	side := max(size.X, size.Y, 1)
	scaled := image.Pt(max(1, size.X*cell.Dx()/side), max(1, size.Y*cell.Dy()/side))
	corner := cell.Min.Add(cell.Size().Sub(scaled).Div(2))
	return image.Rectangle{corner, corner.Add(scaled)}
}

// write puts one line of text below top, cut off where it would pass right. Letters beyond Latin-1 become boxes.
func write(on *image.RGBA, text string, left, top, right int) {
	face := basicfont.Face7x13
	fits := max(0, (right-left)/face.Advance)
	if letters := []rune(text); len(letters) > fits {
		text = string(letters[:fits])
	}
	d := font.Drawer{Dst: on, Src: image.Black, Face: face, Dot: fixed.P(left, top+face.Ascent)}
	d.DrawString(text)
}
