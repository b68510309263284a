package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// These run in JupyterLab's page.
const (
	// find is the notebook's panel. The current widget of the shell is none as long as nobody clicks.
	find = `[...(window.jupyterapp?.shell.widgets("main") || [])].find(widget => widget.context?.path?.endsWith(".ipynb"))`

	// opening says how far the notebook is before it can run.
	opening = `(() => {
		const shown = ` + find + `;
		return {
			app: Boolean(window.jupyterapp), shown: shown?.context?.path || "", open: Boolean(shown?.context?.isReady),
			kernel: shown?.sessionContext?.session?.kernel?.connectionStatus || "", // its status is unknown before a cell runs
			dialogs: [...document.querySelectorAll(".jp-Dialog")].map(dialog => dialog.innerText),
		};
	})()`

	// progress is how far the notebook is.
	progress = `(() => {
		const notebook = ` + find + `;
		const code = notebook.content.widgets.filter(cell => cell.model.type === "code" && cell.model.sharedModel.getSource().trim());
		const outputs = code.flatMap(cell => cell.model.outputs.toJSON().map(output => ({...output, cell: notebook.content.widgets.indexOf(cell) + 1})));
		const text = value => Array.isArray(value) ? value.join("") : value || "";
		return {
			idle: notebook.sessionContext.session?.kernel?.status === "idle",
			waiting: code.filter(cell => cell.model.executionCount === null || cell.model.executionState === "running").length,
			table: outputs.slice(-3).some(output => text(output.data?.["text/html"]).includes("<table")),
			errors: outputs.filter(output => output.output_type === "error").map(output => "cell " + output.cell + ": " + output.evalue),
			stderr: outputs.filter(output => output.name === "stderr").map(output => "cell " + output.cell + ": " + text(output.text)),
		};
	})()`

	// pictures lists the pictures in the outputs.
	pictures = `[...document.querySelectorAll(".jp-OutputArea-output img")].map(img =>
		({alt: img.alt, width: img.naturalWidth, src: img.src.slice(0, 60)}))`

	// height is that of the whole notebook and what is around it.
	height = `(() => {
		const notebook = document.querySelector(".jp-NotebookPanel-notebook");
		const scroller = notebook.querySelector(".jp-WindowedPanel-outer") || notebook;
		const last = [...notebook.querySelectorAll(".jp-Cell")].at(-1);
		scroller.scrollTop = 0;
		return Math.ceil(last.getBoundingClientRect().bottom) + 60;
	})()`
)

// state is what progress returns.
type state struct {
	Idle    bool
	Waiting int
	Table   bool
	Errors  []string
	Stderr  []string
}

// openPage opens an address in a new browser and waits for the notebook.
func openPage(ctx context.Context, t *testing.T, browser, address string) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.WindowSize(width, 1000))
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Run(tab, chromedp.Navigate(address)); err != nil {
		t.Fatalf("opening JupyterLab in %s: %v", browser, err)
	}
	var now struct {
		App, Open     bool
		Shown, Kernel string
		Dialogs       []string
	}
	for end := time.Now().Add(30 * time.Second); !now.Open || now.Kernel != "connected"; time.Sleep(200 * time.Millisecond) {
		evaluate(t, tab, opening, &now)
		if time.Now().After(end) {
			t.Fatalf("the notebook is not ready: %+v", now)
		}
	}
	return tab
}

// width of the page, in pixels.
const width = 1200

// evaluate runs a script in the page, awaits what it returns, and decodes it.
func evaluate(t *testing.T, tab context.Context, script string, result any) {
	t.Helper()
	await := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	if err := chromedp.Run(tab, chromedp.Evaluate(script, result, await)); err != nil {
		t.Fatalf("running %.60q in the page: %v %v", script, err, context.Cause(tab))
	}
}

// runAllCells runs the cells and waits until each has ended and the last outputs have a table.
func runAllCells(ctx context.Context, t *testing.T, tab context.Context) {
	t.Helper()
	evaluate(t, tab, `jupyterapp.shell.activateById(`+find+`.id); jupyterapp.commands.execute("notebook:clear-all-cell-outputs")`, nil)
	evaluate(t, tab, `jupyterapp.commands.execute("notebook:run-all-cells"); true`, nil)
	var now state
	for start := time.Now(); ; time.Sleep(time.Second) {
		evaluate(t, tab, progress, &now)
		if len(now.Errors) > 0 {
			t.Fatalf("a cell ended with an error: %q, standard error: %q", now.Errors, now.Stderr)
		}
		if now.Idle && now.Waiting == 0 && now.Table {
			t.Logf("all cells ran in %.0f s", time.Since(start).Seconds())
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%v: %+v", context.Cause(ctx), now)
		}
	}
}

// checkOutputs checks what the notebook shows.
func checkOutputs(t *testing.T, tab context.Context) {
	t.Helper()
	showAll(t, tab)
	var now state
	evaluate(t, tab, progress, &now)
	for _, text := range now.Stderr {
		if lower := strings.ToLower(text); strings.Contains(lower, "error") || strings.Contains(lower, "panic") {
			t.Errorf("standard error has %q", text)
		}
	}
	var shown []struct {
		Alt, Src string
		Width    int
	}
	evaluate(t, tab, pictures, &shown)
	if len(shown) == 0 {
		t.Error("no picture is shown")
	}
	for _, p := range shown {
		if p.Alt == "" || p.Width == 0 {
			t.Errorf("picture %s has alt text %q and is %d pixels wide", p.Src, p.Alt, p.Width)
		}
	}
	t.Logf("%d pictures", len(shown))
}

// showAll hides what is beside the notebook and makes the window as high as it.
func showAll(t *testing.T, tab context.Context) {
	t.Helper()
	evaluate(t, tab, `document.body.querySelector("#jp-left-stack:not(.lm-mod-hidden)") && jupyterapp.commands.execute("application:toggle-left-area"); true`, nil)
	for range 2 { // cells may grow when they come into sight
		var high int64
		evaluate(t, tab, height, &high)
		if err := chromedp.Run(tab, emulation.SetDeviceMetricsOverride(width, high, 1, false), chromedp.Sleep(time.Second)); err != nil {
			t.Fatalf("resizing the window: %v", err)
		}
	}
}

// screenshot writes a picture of the whole notebook in a theme.
func screenshot(t *testing.T, tab context.Context, theme, file string) {
	t.Helper()
	evaluate(t, tab, `jupyterapp.commands.execute("apputils:change-theme", {theme: "`+theme+`"})`, nil)
	var is bool
	var data []byte
	err := chromedp.Run(
		tab,
		chromedp.Poll(`document.body.dataset.jpThemeName === "`+theme+`"`, &is, chromedp.WithPollingTimeout(20*time.Second)),
		chromedp.Sleep(time.Second),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			data, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).Do(ctx)
			return err
		}),
	)
	if err != nil {
		t.Fatalf("taking a picture in the theme %s: %v", theme, err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", theme, file)
}
