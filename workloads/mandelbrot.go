package workloads

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"juggle/models"
)

// Mandelbrot draws the Mandelbrot set, a band of rows per task. Nothing waits,
// but a row through the middle costs some fifteen times one at the edge: a model
// that deals tasks out beforehand leaves a core idle at the end.
//
// The picture is that of the benchmarks game: N×N points, point x,y stands for
// the number (2x/N−1.5) + (2y/N−1)i, and its bit is set if 50 iterations of
// z² + c do not leave the circle of radius 2. It is drawn several times over so
// that a sample is long enough to be measured.
var Mandelbrot = Workload{
	Name:     "mandelbrot",
	Group:    CPUBound,
	Isolates: "computing in pieces of uneven cost",
	Params: []Param{
		{
			Name: "size", Default: "200", Valid: validSize,
			Doc: fmt.Sprintf("width and height of the picture in points, 8 to %d, a multiple of 8", maxSize),
		},
		Int("band", 1, 1, maxSize, "rows that a task draws"),
		Int("frames", 1, 1, 1000, "how often the picture is drawn"),
	},
	Rows: map[Tier][]string{
		Quick:    {"size=200,band=10,frames=60"},
		Standard: {"size=504,band=12,frames=20", "size=1000,band=20,frames=5"},
		Full:     {"size=4000,band=20"},
	},
	Timeline: "size=1000,band=100",
	New:      newMandelbrot,
}

const maxSize = 4000

// publishedMD5 are digests of the bitmap alone. The reference outputs print the
// header "P4\nN N\n" as text before them and do not hash it. Where they say 500
// the picture has 504, because the programs round up to whole bytes.
var publishedMD5 = map[int]string{
	200: "b824dffc8980089e4fe9f8e95ff460e5",
	504: "15c00e9a39837854b019d7d1c4c04d30",
}

func validSize(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 8 || n > maxSize || n%8 != 0 || strconv.Itoa(n) != value {
		return fmt.Errorf("is a multiple of 8 from 8 to %d", maxSize)
	}
	return nil
}

// A picture is the parameters of an instance.
type picture struct {
	size   int
	band   int // rows of a task; the last of a frame may have fewer
	frames int
}

func newMandelbrot(v Values, _ string) (*Instance, error) {
	p := picture{v.Int("size"), v.Int("band"), v.Int("frames")}
	return &Instance{
		Tasks: p.bands() * p.frames,
		Body: func(env models.Env, i int) ([]byte, error) {
			first, end := p.rows(i)
			input := binary.BigEndian.AppendUint32(nil, uint32(first))
			return env.Offload(binary.BigEndian.AppendUint32(input, uint32(end)))
		},
		Compute: func(input []byte) ([]byte, error) {
			if len(input) != 8 {
				return nil, fmt.Errorf("mandelbrot: a band is encoded in 8 bytes, not %d", len(input))
			}
			first, end := binary.BigEndian.Uint32(input), binary.BigEndian.Uint32(input[4:])
			if first > end || end > uint32(p.size) {
				return nil, fmt.Errorf("mandelbrot: no rows from %d to %d in a picture of %d", first, end, p.size)
			}
			return drawRows(p.size, int(first), int(end)), nil
		},
		Check: p.check,
		Law:   Law{Offloads: true},
	}, nil
}

// bands is how many tasks draw one frame.
func (p picture) bands() int { return (p.size + p.band - 1) / p.band }

// rows is the range of rows of task i, without its upper end.
func (p picture) rows(i int) (first, end int) {
	first = i % p.bands() * p.band
	return first, min(first+p.band, p.size)
}

// check compares every frame with the published digest of its bitmap. Where
// none is published, or a task must be named, it compares each answer with a
// plain computation.
func (p picture) check(answers [][]byte) error {
	if err := checkCount(answers, p.bands()*p.frames); err != nil {
		return err
	}
	plain := sync.OnceValue(func() []byte { return plainBitmap(p.size) })
	published := publishedMD5[p.size]
	for first := 0; first < len(answers); first += p.bands() {
		frame := answers[first : first+p.bands()]
		sum := md5.Sum(slices.Concat(frame...))
		digest := hex.EncodeToString(sum[:])
		if digest == published && p.wholeBands(frame) {
			continue
		}
		if err := p.compare(first, frame, plain()); err != nil {
			return err
		}
		if published != "" {
			return fmt.Errorf("frame %d has the MD5 %s, but published is %s", first/p.bands(), digest, published)
		}
	}
	return nil
}

// answerSize is how many bytes task i answers with.
func (p picture) answerSize(i int) int {
	first, end := p.rows(i)
	return (end - first) * p.size / 8
}

// wholeBands reports whether all answers of a frame have the right length: a
// byte that wandered to a neighbour leaves the digest as it is.
func (p picture) wholeBands(frame [][]byte) bool {
	for k, answer := range frame {
		if len(answer) != p.answerSize(k) {
			return false
		}
	}
	return true
}

// compare names the first task of a frame whose rows are not those of bitmap.
func (p picture) compare(first int, frame [][]byte, bitmap []byte) error {
	width := p.size / 8
	for k, answer := range frame {
		if len(answer) != p.answerSize(k) {
			return wrongAnswer(first+k, "its answer has %d bytes instead of %d", len(answer), p.answerSize(k))
		}
		row, _ := p.rows(k)
		for got := range slices.Chunk(answer, width) {
			if !bytes.Equal(got, bitmap[row*width:(row+1)*width]) {
				return wrongAnswer(first+k, "it drew row %d of frame %d wrong", row, first/p.bands())
			}
			row++
		}
	}
	return nil
}

// drawRows returns the rows from first to end-1, eight points in a byte, the
// leftmost in the highest bit.
//
// The conversions to float64 keep the compiler from fusing a product and a sum
// into one instruction, as it does on arm64: that rounds once instead of twice,
// and a point at the border would get another bit than the published one.
func drawRows(size, first, end int) []byte {
	bitmap := make([]byte, 0, (end-first)*size/8)
	for y := first; y < end; y++ {
		ci := float64(2*float64(y)/float64(size)) - 1
		var eight byte
		for x := range size {
			cr := float64(2*float64(x)/float64(size)) - 1.5
			eight <<= 1
			if staysInside(cr, ci) {
				eight |= 1
			}
			if x%8 == 7 {
				bitmap = append(bitmap, eight)
			}
		}
	}
	return bitmap
}

// staysInside iterates z² + c. The squares of one turn are used by the test and
// by the next turn.
func staysInside(cr, ci float64) bool {
	var zr, zi, rr, ii float64
	for range 50 {
		zi = float64(2*zr*zi) + ci
		zr = rr - ii + cr
		rr = float64(zr * zr)
		ii = float64(zi * zi)
		if rr+ii > 4 {
			return false
		}
	}
	return true
}

// plainBitmap draws the whole picture in the plainest way, independently of the
// tasks: the definition once per point, and bits set by their number.
func plainBitmap(size int) []byte {
	bitmap := make([]byte, size*size/8)
	for at := range size * size {
		cr := float64(2*float64(at%size)/float64(size)) - 1.5
		ci := float64(2*float64(at/size)/float64(size)) - 1
		zr, zi, n := 0.0, 0.0, 0
		for n < 50 && float64(zr*zr)+float64(zi*zi) <= 4 {
			zr, zi = float64(zr*zr)-float64(zi*zi)+cr, float64(2*zr*zi)+ci
			n++
		}
		if float64(zr*zr)+float64(zi*zi) <= 4 {
			bitmap[at/8] |= 0x80 >> (at % 8)
		}
	}
	return bitmap
}
