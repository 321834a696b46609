package plots

import (
	"bytes"
	"image"
	"image/png"
	"sync"

	"git.sr.ht/~sbinet/gg"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// pixelPool keeps the 4 MB of pixels that a picture needs while it is drawn for
// those that come later. Left to the collector, they made BenchmarkReport100k of
// the command take 7 % longer. To keep what the encoder needs as well was tried,
// and saved nothing.
var pixelPool sync.Pool

// png draws the sheet as pixels. The fast compression makes the file a few
// percent larger and takes half of the time.
func (s sheet) png() ([]byte, error) {
	h := s.head()
	pixels := pixelsFor(pageWidth, h.height+s.height+axisRoom+margin/2)
	defer pixelPool.Put(pixels)
	s.draw(draw.New(canvasOn(pixels)), h)
	var buf bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err := encoder.Encode(&buf, pixels)
	return buf.Bytes(), err
}

// canvasOn draws on these pixels. What vgimg makes by itself it makes twice, since
// it copies the pixels that it starts from.
func canvasOn(pixels *image.RGBA) *vgimg.Canvas {
	context := gg.NewContextForRGBA(pixels)
	context.SetLineCapButt()
	context.InvertY()
	return vgimg.NewWith(vgimg.UseImageWithContext(pixels, context), vgimg.UseDPI(pngDPI))
}

// pixelsFor returns pixels for a picture of this size. They may hold an earlier
// one: a canvas fills them before it is drawn on.
func pixelsFor(width, height vg.Length) *image.RGBA {
	dots := func(l vg.Length) int { return int(l.Dots(pngDPI) + 0.5) }
	bounds := image.Rect(0, 0, dots(width), dots(height))
	need := 4 * bounds.Dx() * bounds.Dy()
	if old, _ := pixelPool.Get().(*image.RGBA); old != nil && cap(old.Pix) >= need {
		return &image.RGBA{Pix: old.Pix[:need], Stride: 4 * bounds.Dx(), Rect: bounds}
	}
	return image.NewRGBA(bounds)
}
