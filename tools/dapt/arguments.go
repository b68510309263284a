package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// nameArguments lets all commands say what arguments they want, with the first of their examples, instead of how many.
func nameArguments(c *cobra.Command) {
	for _, sub := range c.Commands() {
		nameArguments(sub)
	}
	check := c.Args
	if check == nil || c.HasSubCommands() {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if check(c, args) == nil {
			return nil
		}
		got := "no argument"
		if len(args) > 0 {
			got = fmt.Sprintf("%q", args)
		}
		_, form, _ := strings.Cut(c.CommandPath(), " ") // without the program
		want := form + strings.TrimPrefix(c.Use, c.Name())
		if want == form {
			want += " and flags only"
		}
		if example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n"); example != "" {
			want += ", such as: " + example
		}
		return fmt.Errorf("%s got %s, want %s", form, got, want)
	}
}
