package study

import (
	"encoding/base64"
	"fmt"
	"html"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/tools/session"
)

// table is a report.Table or a report.List.
type table interface {
	HTML() string
	Plain(width int) string
}

// Show shows tables, figures and contact sheets. In a notebook they are HTML whose pictures are part of it, so that a saved
// notebook shows them without a kernel; elsewhere tables are printed and pictures are written to files.
func Show(things ...any) {
	for _, thing := range things {
		switch t := thing.(type) {
		case table:
			showTable(t)
		case []report.Table:
			for _, one := range t {
				showTable(one)
			}
		case []report.Figure:
			showFigures(t)
		case report.ContactSheet:
			showSheet(t)
		default:
			check(fmt.Errorf("study: nothing shows a %T; want a table, a list, figures or a contact sheet", thing))
		}
	}
}

func showTable(t table) {
	if gonbui.IsNotebook {
		display(`<div style="overflow-x:auto">`+t.HTML()+"</div>", t.Plain(0))
		return
	}
	fmt.Println(t.Plain(session.Width()))
}

// showFigures shows figures beside each other as far as there is room.
func showFigures(figures []report.Figure) {
	var rich, plain strings.Builder
	for _, f := range figures {
		if !gonbui.IsNotebook {
			write(session.FileName(f.Title, ".svg"), f.File())
			continue
		}
		rich.WriteString(picture(f))
		plain.WriteString(f.Alt + "\n")
	}
	if gonbui.IsNotebook {
		display(rich.String(), plain.String())
	}
}

// picture is a figure as an image: unlike an <svg> element it is also shown in a notebook that is not trusted.
func picture(f report.Figure) string {
	return fmt.Sprintf(`<figure style="display:inline-block;margin:0 1em 1em 0"><figcaption>%s</figcaption><img width="450" alt="%s" src="data:image/svg+xml;base64,%s"/></figure>`,
		html.EscapeString(f.Title), html.EscapeString(f.Alt), base64.StdEncoding.EncodeToString(f.File()))
}

func showSheet(s report.ContactSheet) {
	if gonbui.IsNotebook {
		display(`<div style="overflow-x:auto">`+Get(s.HTML())+"</div>", fmt.Sprintf("%s: pictures in %d rows", s.Title, len(s.Rows)))
		return
	}
	path := filepath.Join(figures(), session.FileName(s.Title, ".png"))
	check(session.WritePicture(path, s.Image()))
	fmt.Println("picture:", shown(path))
}

// display puts out the same thing as HTML and as text, for front ends that show the one or the other.
func display(rich, plain string) {
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextHTML: rich, protocol.MIMETextPlain: plain}})
}

// write puts a file into the folder of figures and says where it is.
func write(name string, data []byte) {
	path := filepath.Join(figures(), name)
	check(session.WriteFile(path, data))
	fmt.Println("figure: ", shown(path))
}

// WriteReport writes one page of all tables, curves and overlays, which needs nothing beside it, and says where it is.
func (s *Study) WriteReport(results []experiment.Result) {
	tables, _, err := report.Tables(results)
	check(err)
	page := Get(session.Page(s.ctx, s.Lab, s.Benchmark, results))
	path := filepath.Join(s.Folder, session.PageName(results))
	check(session.WriteReport(path, results, tables, page))
	fmt.Println("report: ", shown(path))
	fmt.Println("results:", shown(s.ResultsPath()))
}

// Overlays show where the first run of each method looks, on so many test images.
func (s *Study) Overlays(results []experiment.Result, images int) report.ContactSheet {
	title := "Grad-CAM of the true class"
	if s.Benchmark.Truth != nil {
		title += ", and the outline of the true mask"
	}
	return Get(report.OverlaySheet(title, Get(report.Overlays(s.ctx, s.Lab, s.Benchmark, results, images))))
}
