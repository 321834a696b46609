//go:build !linux

package models_test

import "time"

var begin = time.Now()

func monotonic() int64 { return int64(time.Since(begin)) }

func threadID() int { return 0 }

func childCount() int { return 0 }
