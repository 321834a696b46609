package plots

import (
	"bytes"
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A canvas on pixels that held something else is the one that vgimg makes.
func TestPixelsAreThoseOfVgimg(t *testing.T) {
	const width, height = 300 * vg.Inch / pngDPI, 200 * vg.Inch / pngDPI
	picture := func(c *vgimg.Canvas) {
		to := draw.New(c)
		to.StrokeLine2(draw.LineStyle{Color: ink, Width: 3}, 5, 5, 70, 30)
		plainText.write(&to, vg.Point{X: 20, Y: 50}, rightOf, "abc")
	}
	theirs := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	picture(theirs)
	pixels := pixelsFor(width, height)
	for i := range pixels.Pix {
		pixels.Pix[i] = 0x55
	}
	picture(canvasOn(pixels))
	want, ok := theirs.Image().(*image.RGBA)
	if !ok || pixels.Rect != want.Rect || !bytes.Equal(pixels.Pix, want.Pix) {
		t.Errorf("pixels of %v differ from those of %v", pixels.Rect, want.Rect)
	}
}

// The memory of larger and smaller pictures leaves no trace in the next one.
func TestPNGsDoNotMix(t *testing.T) {
	all := sheets(exampleAnalysis())
	first := make([][]byte, len(all))
	for range 3 {
		for i, s := range all {
			png, err := s.png()
			if err != nil {
				t.Fatal(err)
			}
			if first[i] == nil {
				first[i] = png
			}
			if !bytes.Equal(png, first[i]) {
				t.Errorf("%s differs when it is drawn again", s.name)
			}
		}
	}
}

func TestPixelsFor(t *testing.T) {
	large := pixelsFor(10*vg.Inch, 5*vg.Inch)
	pixelPool.Put(large)
	small := pixelsFor(2*vg.Inch, 3*vg.Inch)
	want := image.Rect(0, 0, 2*pngDPI, 3*pngDPI)
	if diff := cmp.Diff(want, small.Rect); diff != "" || small.Stride != 4*want.Dx() || len(small.Pix) != small.Stride*want.Dy() {
		t.Errorf("bounds (-want +got): %s, stride %d, %d bytes", diff, small.Stride, len(small.Pix))
	}
}
