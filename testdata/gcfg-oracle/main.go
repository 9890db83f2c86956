// Command gcfg-oracle reads gcfg texts with Go's gcfg package and says what it made of them.
//
// Input: texts, each behind its length as four bytes, big-endian. Output: a JSON line per text.
// With the argument "unicode" it reads nothing and prints what Go thinks of characters.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/gcfg.v1"
	"gopkg.in/gcfg.v1/scanner"
	"gopkg.in/gcfg.v1/token"
)

// setting is one setting in file order.
type setting struct {
	Section    string  `json:"section"`
	Subsection string  `json:"subsection"`
	Key        string  `json:"key"`
	Value      *string `json:"value"`
}

// list is what a repeatable setting holds in the end.
type list struct {
	Section    string   `json:"section"`
	Subsection string   `json:"subsection"`
	Key        string   `json:"key"`
	Values     []string `json:"values"`
}

type failure struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

type answer struct {
	Failure  *failure  `json:"failure,omitempty"`
	Settings []setting `json:"settings"`
	Lists    []list    `json:"lists"`
}

// text is a value; it notes each value in the order in which gcfg decodes them.
type text struct{ value string }

var decoded []string

func (t *text) UnmarshalText(value []byte) error {
	t.value = string(value)
	decoded = append(decoded, t.value)
	return nil
}

// group is a set of names that gcfg holds for one, by the first spelling.
type group struct {
	name  string
	keys  []*group
	named bool
}

func find(groups *[]*group, name string) *group {
	for _, g := range *groups {
		if strings.EqualFold(g.name, name) {
			return g
		}
	}
	g := &group{name: name}
	*groups = append(*groups, g)
	return g
}

func fields(groups []*group, of func(*group) reflect.Type) reflect.Type {
	var all []reflect.StructField
	for i, g := range groups {
		all = append(all, reflect.StructField{
			Name: fmt.Sprintf("F%d", i),
			Type: of(g),
			Tag:  reflect.StructTag("gcfg:" + strconv.Quote(g.name)),
		})
	}
	return reflect.StructOf(all)
}

func sectionType(g *group) reflect.Type {
	keys := fields(g.keys, func(*group) reflect.Type { return reflect.TypeOf([]text{}) })
	if g.named {
		return reflect.MapOf(reflect.TypeOf(""), reflect.PointerTo(keys))
	}
	return keys
}

// outline walks the tokens of a text that gcfg has accepted, for the names and their order.
func outline(src []byte) ([]setting, []*group) {
	fset := token.NewFileSet()
	var s scanner.Scanner
	s.Init(fset.AddFile("", fset.Base(), len(src)), src, nil, 0)
	var settings []setting
	var groups []*group
	var section *group
	var current setting
	_, tok, lit := s.Scan()
	for tok != token.EOF {
		switch tok {
		case token.LBRACK:
			_, _, lit = s.Scan()
			current = setting{Section: lit}
			section = find(&groups, lit)
			if _, tok, lit = s.Scan(); tok == token.STRING {
				current.Subsection = name(lit)
				section.named = true
				s.Scan()
			}
			_, tok, lit = s.Scan()
		case token.IDENT:
			current.Key = lit
			find(&section.keys, lit)
			current.Value = nil
			if _, tok, lit = s.Scan(); tok == token.ASSIGN {
				_, _, _ = s.Scan()
				current.Value = new(string)
				_, tok, lit = s.Scan()
			}
			settings = append(settings, current)
		default:
			_, tok, lit = s.Scan()
		}
	}
	return settings, groups
}

// name decodes a subsection's name: in it a backslash stands only before what it protects.
func name(lit string) string {
	return regexp.MustCompile(`(?s)\\(.)`).ReplaceAllString(lit[1:len(lit)-1], "$1")
}

var place = regexp.MustCompile(`(?s)^(\d+):(\d+): (.*)$`)

// firstError says where gcfg stopped.
func firstError(path string, err error) *failure {
	err = gcfg.FatalOnly(err)
	if err == nil {
		return nil
	}
	if list, ok := err.(scanner.ErrorList); ok {
		first := list[0]
		return &failure{first.Pos.Line, first.Pos.Column, first.Msg}
	}
	parts := place.FindStringSubmatch(strings.TrimPrefix(err.Error(), path+":"))
	if parts == nil {
		panic(err)
	}
	line, _ := strconv.Atoi(parts[1])
	column, _ := strconv.Atoi(parts[2])
	return &failure{line, column, parts[3]}
}

func read(path string, src []byte) answer {
	body := bytes.TrimPrefix(src, []byte("\ufeff"))
	into := func(config any) error { return gcfg.ReadInto(config, bytes.NewReader(src)) }
	if len(body) < len(src) {
		// Only the reader of files, which Connect uses, knows byte order marks.
		if err := os.WriteFile(path, src, 0o600); err != nil {
			panic(err)
		}
		into = func(config any) error { return gcfg.ReadFileInto(config, path) }
	}
	// Sections that the types do not know are no fatal errors.
	if failed := firstError(path, into(&struct{}{})); failed != nil {
		return answer{Failure: failed}
	}
	settings, groups := outline(body)
	config := reflect.New(fields(groups, sectionType))
	decoded = nil
	if err := into(config.Interface()); err != nil {
		panic(err)
	}
	// gcfg decodes plain sections in a first pass, named ones in a second.
	for _, pass := range []bool{false, true} {
		for i := range settings {
			if settings[i].Value != nil && find(&groups, settings[i].Section).named == pass {
				*settings[i].Value = decoded[0]
				decoded = decoded[1:]
			}
		}
	}
	if len(decoded) > 0 {
		panic("more values than settings")
	}
	result := answer{Settings: settings}
	seen := map[[3]string]bool{}
	for _, s := range settings {
		id := [3]string{find(&groups, s.Section).name, s.Subsection, ""}
		section := find(&groups, s.Section)
		id[2] = find(&section.keys, s.Key).name
		if seen[id] {
			continue
		}
		seen[id] = true
		value := config.Elem().Field(index(groups, section))
		if section.named {
			value = value.MapIndex(reflect.ValueOf(s.Subsection)).Elem()
		}
		values := value.Field(index(section.keys, find(&section.keys, s.Key)))
		l := list{Section: s.Section, Subsection: s.Subsection, Key: s.Key, Values: []string{}}
		for i := 0; i < values.Len(); i++ {
			l.Values = append(l.Values, values.Index(i).Interface().(text).value)
		}
		result.Lists = append(result.Lists, l)
	}
	return result
}

func index(groups []*group, g *group) int {
	for i := range groups {
		if groups[i] == g {
			return i
		}
	}
	panic("unknown name")
}

// characters prints, for each character that Go's tables know, whether names may have it, and with
// which others it is equal.
func characters(out io.Writer) {
	type character struct {
		Code   rune   `json:"code"`
		Letter bool   `json:"letter"`
		Digit  bool   `json:"digit"`
		Equal  []rune `json:"equal"`
	}
	encoder := json.NewEncoder(out)
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		known := false
		for name, table := range unicode.Categories {
			known = known || len(name) == 2 && name != "Cn" && unicode.Is(table, c)
		}
		if !known || unicode.Is(unicode.Co, c) || unicode.Is(unicode.Cs, c) {
			continue
		}
		answer := character{Code: c, Letter: unicode.IsLetter(c), Digit: unicode.IsDigit(c), Equal: []rune{}}
		for _, other := range []rune{unicode.ToLower(c), unicode.ToUpper(c), unicode.SimpleFold(c)} {
			if other != c && strings.EqualFold(string(c), string(other)) {
				answer.Equal = append(answer.Equal, other)
			}
		}
		if err := encoder.Encode(answer); err != nil {
			panic(err)
		}
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) > 1 && os.Args[1] == "unicode" {
		characters(out)
		return
	}
	folder, err := os.MkdirTemp("", "gcfg-oracle")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "text.gcfg")
	in := bufio.NewReader(os.Stdin)
	encoder := json.NewEncoder(out)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		src := make([]byte, length)
		if _, err := io.ReadFull(in, src); err != nil {
			panic(err)
		}
		if err := encoder.Encode(read(path, src)); err != nil {
			panic(err)
		}
	}
}
