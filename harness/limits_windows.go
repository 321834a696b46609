package harness

// descriptorLimit is 0: Windows sets no such limit.
func descriptorLimit() int { return 0 }
