//go:build !linux

package cgroup

// Without cgroups there is no group whose processes could be killed.

func kill(int) {}

func alive(int) bool { return true }
