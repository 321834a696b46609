package machine

// FreeMemory returns the bytes that programs can still have: what Linux calls
// available, and no more than the control group's limit. Known is false where
// the system does not tell. What else is in the group is not taken off.
func (s Source) FreeMemory() (bytes float64, known bool) {
	available, known := s.kilobytes("MemAvailable")
	if limit, bound := s.memoryLimit().Number(); bound && (!known || limit < available) {
		return limit, true
	}
	return available, known
}
