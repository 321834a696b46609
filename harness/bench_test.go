package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

// BenchmarkSuite runs the quick tier as ordinary sub-benchmarks with the names
// that bench.txt uses, so that "benchstat -col /model" lines the models up. It
// is a first look: all of one model's iterations come before the next model's,
// in one process, where compare takes rounds of fresh processes.
func BenchmarkSuite(b *testing.B) {
	for _, w := range workloads.All() {
		rows, err := w.RowsOf(workloads.Quick, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, v := range rows {
			r := cellRequest{Workload: w.Name, Params: v.String()}
			if w.Fixture != nil {
				f, err := startFixture(r)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(f.stop)
				r.Fixture = f.address
			}
			for _, m := range models.All() {
				r.Model = m.Name()
				name := fmt.Sprintf("workload=%s/%s/model=%s", w.Name, strings.ReplaceAll(v.String(), ",", "/"), m.Name())
				b.Run(name, func(b *testing.B) { benchmarkCell(b, r) })
			}
		}
	}
}

// benchmarkCell measures a cell in this process, and reports what the sample
// process would beside the wall time.
func benchmarkCell(b *testing.B, r cellRequest) {
	reg, err := prepare(b.Context(), r, testTable())
	if err != nil {
		b.Fatal(err)
	}
	defer reg.close()
	before, err := reg.account(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var wall time.Duration
	var sealed [][]byte
	for b.Loop() {
		begin := time.Now()
		if sealed, err = reg.run(b.Context()); err != nil {
			b.Fatal(err)
		}
		wall += time.Since(begin)
	}
	after, err := reg.account(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	envelopes, err := openAll(sealed)
	if err != nil {
		b.Fatal(err)
	}
	for i, e := range envelopes {
		sealed[i] = e.answer
	}
	if err := reg.in.Check(sealed); err != nil {
		b.Fatal(err)
	}
	c := costs{map[string]float64{}, map[string]string{}}
	c.region(wall, reg.in.Tasks*b.N, after.Sub(before))
	c.tasks(envelopes)
	for _, metric := range results.Metrics() {
		value, measured := c.values[metric.Unit]
		if !measured || metric.Unit == results.Wall {
			continue
		}
		if strings.HasSuffix(metric.Unit, "/op") {
			value /= float64(b.N)
		}
		b.ReportMetric(value, metric.Unit)
	}
}

// BenchmarkEmpty is the measured region with one task that does nothing: what
// the harness and each model add to a sample. It is to be held against the
// quickest sample of the quick tier.
func BenchmarkEmpty(b *testing.B) {
	for _, m := range models.All() {
		b.Run("model="+m.Name(), func(b *testing.B) {
			benchmarkCell(b, cellRequest{Workload: "empty", Model: m.Name()})
		})
	}
}

// BenchmarkContract holds the sequential model against a plain loop over the
// same kernel, both sides in turn in every iteration. What is reported is the
// median of the ratios of the pairs: 1.01 says that the contract (the model, the
// env, the offload, the stamps and the seal) adds 1 %.
func BenchmarkContract(b *testing.B) {
	rows, err := workloads.Primes.RowsOf(workloads.Quick, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, v := range rows {
		b.Run(strings.ReplaceAll(v.String(), ",", "/"), func(b *testing.B) {
			benchmarkContract(b, cellRequest{Workload: "primes", Params: v.String(), Model: "sequential"})
		})
	}
}

func benchmarkContract(b *testing.B, r cellRequest) {
	reg, err := prepare(b.Context(), r, testTable())
	if err != nil {
		b.Fatal(err)
	}
	defer reg.close()
	inputs := kernelInputs(b, reg.in)
	plain := func() {
		for _, input := range inputs {
			if _, err := reg.in.Compute(input); err != nil {
				b.Fatal(err)
			}
		}
	}
	contract := func() {
		if _, err := reg.run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	plain()
	var ratios []float64
	for b.Loop() {
		first, second := plain, contract
		swapped := len(ratios)%2 == 1 // each side is first as often as the other
		if swapped {
			first, second = contract, plain
		}
		begin := time.Now()
		first()
		middle := time.Now()
		second()
		ratio := time.Since(middle).Seconds() / middle.Sub(begin).Seconds()
		if swapped {
			ratio = 1 / ratio
		}
		ratios = append(ratios, ratio)
	}
	b.ReportMetric(results.Summarize(ratios).Median, "contract/plain")
}

// kernelInputs collects what the tasks of an instance hand to its kernel.
func kernelInputs(b *testing.B, in *workloads.Instance) [][]byte {
	c := &collector{compute: in.Compute}
	for i := range in.Tasks {
		if _, err := in.Body(c, i); err != nil {
			b.Fatal(err)
		}
	}
	return c.inputs
}

// collector is an Env that can offload and nothing else.
type collector struct {
	models.Env
	compute func([]byte) ([]byte, error)
	inputs  [][]byte
}

func (c *collector) Offload(input []byte) ([]byte, error) {
	c.inputs = append(c.inputs, input)
	return c.compute(input)
}
