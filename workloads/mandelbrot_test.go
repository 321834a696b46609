package workloads

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"testing"
)

func TestPublishedPictures(t *testing.T) {
	for size, want := range publishedMD5 {
		if got := fmt.Sprintf("%x", md5.Sum(drawRows(size, 0, size))); got != want {
			t.Errorf("the tasks draw a picture of %d with the MD5 %s, want %s", size, got, want)
		}
		if got := fmt.Sprintf("%x", md5.Sum(plainBitmap(size))); got != want {
			t.Errorf("the plain picture of %d has the MD5 %s, want %s", size, got, want)
		}
	}
}

// However a picture is cut into bands, it is the same.
func TestBands(t *testing.T) {
	for _, size := range []int{8, 64, 104} {
		for _, band := range []int{1, 7, size, maxSize} {
			in := makeInstance(t, Mandelbrot, fmt.Sprintf("size=%d,band=%d,frames=2", size, band))
			answers := runInTurn(t, in)
			if err := in.Check(answers); err != nil {
				t.Errorf("size %d, band %d: %v", size, band, err)
			}
			want := bytes.Repeat(plainBitmap(size), 2)
			if !bytes.Equal(bytes.Join(answers, nil), want) {
				t.Errorf("size %d, band %d: another picture", size, band)
			}
			last := answers[len(answers)-1]
			last[len(last)-1] ^= 1
			if err := in.Check(answers); err == nil {
				t.Errorf("size %d, band %d: a wrong point was accepted", size, band)
			}
		}
	}
}

func TestMandelbrotSize(t *testing.T) {
	for text, valid := range map[string]bool{"8": true, "4000": true, "504": true, "500": false, "0": false, "4008": false, "-8": false, "008": false} {
		if _, err := Mandelbrot.Parse("size=" + text); (err == nil) != valid {
			t.Errorf("size=%s: %v, want valid %v", text, err, valid)
		}
	}
}

func TestMandelbrotRefusesInput(t *testing.T) {
	in := makeInstance(t, Mandelbrot, "size=8")
	for _, input := range [][]byte{nil, make([]byte, 7), {0, 0, 0, 1, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 9}, {255, 255, 255, 255, 255, 255, 255, 255}} {
		if _, err := in.Compute(input); err == nil {
			t.Errorf("the band %x was accepted", input)
		}
	}
}

func BenchmarkMandelbrotRow(b *testing.B) {
	for _, row := range []int{0, 50, 100} {
		b.Run(fmt.Sprint("row=", row), func(b *testing.B) {
			for b.Loop() {
				drawRows(200, row, row+1)
			}
		})
	}
}
