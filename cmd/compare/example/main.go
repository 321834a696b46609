// Command example is compare for a workload of one's own, in a module of one's
// own: how SHA-256 of many blocks is best spread.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"juggle/cmd/compare/cli"
	"juggle/models"
	"juggle/workloads"
)

var hashes = workloads.Workload{
	Name: "hashes", Group: workloads.CPUBound, Isolates: "hashing blocks of one size",
	Params: []workloads.Param{
		workloads.Int("blocks", 64, 1, 1_000_000, "number of blocks"),
		workloads.Int("kilobytes", 512, 1, 65536, "size of a block in KiB"),
	},
	Timeline: "blocks=8",
	New: func(v workloads.Values, _ string) (*workloads.Instance, error) {
		return &workloads.Instance{
			Tasks: v.Int("blocks"),
			Body: func(env models.Env, i int) ([]byte, error) {
				return env.Offload(binary.BigEndian.AppendUint64(nil, uint64(i)))
			},
			Compute: func(seed []byte) ([]byte, error) { return chain(seed, v.Int("kilobytes")), nil },
			Check: func(answers [][]byte) error {
				for i, got := range answers {
					seed := binary.BigEndian.AppendUint64(nil, uint64(i))
					if want := chain(seed, v.Int("kilobytes")); string(got) != string(want) {
						return fmt.Errorf("block %d hashes to %x, not %x", i, got, want)
					}
				}
				return nil
			},
			Law: workloads.Law{Offloads: true},
		}, nil
	},
}

// chain hashes as many bytes as the block has, each hash into the next.
func chain(seed []byte, kilobytes int) []byte {
	sum := sha256.Sum256(seed)
	for range kilobytes * 16 { // SHA-256 takes 64 bytes at a time
		sum = sha256.Sum256(sum[:])
	}
	return sum[:]
}

func main() { cli.Main([]workloads.Workload{hashes}) }
