//go:build !linux

package reexec

func serveRoles() {}

func answer(word string) string { return word }
