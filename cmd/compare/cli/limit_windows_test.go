package cli

func ignoreFileLimit() {}
