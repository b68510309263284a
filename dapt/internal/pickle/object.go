package pickle

import (
	"bytes"
	"errors"
	"fmt"
)

// object carries out the instructions that would run code in Python: the rules answer instead.
func (d *decoder) object(code byte) error {
	switch code {
	case opGlobal, opStackGlobal:
		return d.global(code)
	case opSlot:
		return d.persistent()
	}
	argument, err := d.pop()
	if err != nil {
		return err
	}
	target, err := d.pop()
	if err != nil {
		return err
	}
	if code == opBuild {
		return d.build(target, argument)
	}
	name, isName := target.(Global)
	arguments, isTuple := argument.(Tuple)
	if !isName || !isTuple {
		return fmt.Errorf("a %T is called with a %T", target, argument)
	}
	if code == opNew {
		return d.make(name)
	}
	if d.rules.Call == nil {
		return fmt.Errorf("it calls %.100q, which is not run here", name)
	}
	made, err := d.rules.Call(name, arguments)
	d.push(made)
	return err
}

// make pushes an object without attributes. What Python would hand to the class's __new__ is dropped.
func (d *decoder) make(class Global) error {
	if d.rules.New == nil {
		return fmt.Errorf("it makes a %.100q, which is not known here", class)
	}
	d.push(&Record{Class: class})
	return d.rules.New(class)
}

// build gives an object its attributes. Those of a dictionary are not its items, and are dropped; so is the state of an
// object that is no dictionary, such as that of numpy's types.
func (d *decoder) build(target, state any) error {
	to, isRecord := target.(*Record)
	if !isRecord {
		return fmt.Errorf("a %T is the state of a %T", state, target)
	}
	if from, ok := state.(*Record); ok && to.Class != (Global{}) {
		to.Keys, to.Values = from.Keys, from.Values
	}
	d.push(to)
	return nil
}

// global pushes a class or function by its name.
func (d *decoder) global(code byte) error {
	var g Global
	if code == opGlobal {
		for _, part := range []*string{&g.Module, &g.Name} {
			end := bytes.IndexByte(d.data[d.at:], '\n')
			if end < 0 {
				return errShort
			}
			*part = string(d.data[d.at : d.at+end])
			d.at += end + 1
		}
	} else {
		for _, part := range []*string{&g.Name, &g.Module} {
			value, err := d.pop()
			if err != nil {
				return err
			}
			*part, _ = value.(string)
		}
	}
	if d.rules.Name == nil {
		return fmt.Errorf("it names %.100q, which is not known here", g)
	}
	d.push(g)
	return d.rules.Name(g)
}

// persistent reads what stands for something outside of the pickle.
func (d *decoder) persistent() error {
	id, err := d.pop()
	if err != nil {
		return err
	}
	if d.rules.Persistent == nil {
		return errors.New("it refers to something outside of the pickle")
	}
	value, err := d.rules.Persistent(id)
	d.push(value)
	return err
}
