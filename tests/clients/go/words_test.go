package conformance

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var word = regexp.MustCompile(`\$(ID2|ID|CALL_ID|FIRST_SEQUENCE|LAST_SEQUENCE|REPORTS|(NOW|TIME)([+-]\d+))`)

// words is what the words of one run of a case stand for.
type words struct {
	began time.Time
	told  map[string]string
}

func newWords() *words {
	return &words{
		began: time.Now().UTC().Truncate(time.Second),
		told: map[string]string{
			"ID":      "go-" + rand.Text(),
			"ID2":     "go-" + rand.Text(),
			"REPORTS": os.Getenv("OUTCOMES_REPORTS"),
		},
	}
}

// tells keeps what the first answer told, such as its call_id.
func (w *words) tells(name, value string) {
	if _, told := w.told[name]; !told {
		w.told[name] = value
	}
}

// put returns JSON with what the words stand for in their place.
func (w *words) put(content json.RawMessage) (json.RawMessage, error) {
	var value any
	if err := decode(content, &value); err != nil {
		return nil, err
	}
	return json.Marshal(w.spoken(value))
}

func (w *words) spoken(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, each := range value {
			value[name] = w.spoken(each)
		}
	case []any:
		for index, each := range value {
			value[index] = w.spoken(each)
		}
	case string:
		return word.ReplaceAllStringFunc(value, w.meaning)
	}
	return value
}

func (w *words) meaning(found string) string {
	parts := word.FindStringSubmatch(found)
	if parts[2] != "" {
		seconds, _ := strconv.Atoi(parts[3])
		moment := w.began.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339)
		if parts[2] == "TIME" {
			return strings.Replace(moment, "Z", "+00:00", 1)
		}
		return moment
	}
	if told, ok := w.told[parts[1]]; ok {
		return told
	}
	return found
}
