//go:build unix && !linux

package ab

import "syscall"

// ownGroup has a command lead its own process group.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
