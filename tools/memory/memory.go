// Package memory tells how much memory a process takes, on Linux.
package memory

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// ResetPeak gives memory that Go does not use back and makes Linux measure the peak anew; elsewhere there is no peak.
func ResetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it cannot be reset, the peak is that of the process
}

// Peak returns the most memory that the process had since ResetPeak, in MB; 0 where the system does not tell.
func Peak() float64 { return kilobytes("/proc/self/status", "VmHWM") / 1000 }

// Total returns the machine's memory in MB; 0 where the system does not tell.
func Total() float64 { return kilobytes("/proc/meminfo", "MemTotal") / 1000 }

// kilobytes reads a line "name: 123 kB" of a file of Linux, as units of 1000 bytes.
func kilobytes(path, name string) float64 {
	var value float64
	_, _ = fmt.Sscanf(ProcLine(path, name), "%f kB", &value)
	return value * 1.024
}

// ProcLine returns what stands behind "name:" in a file of Linux; empty where there is none.
func ProcLine(path, name string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(content)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
