// Command compare runs juggle's workloads under its models and reports what
// each way costs. "compare help" tells the rest.
package main

import (
	"juggle/cmd/compare/cli"
	"juggle/workloads"
)

func main() { cli.Main(workloads.All()) }
