package guest

import (
	"encoding/json"
	"errors"
)

// out is a pair of little-endian words that the host fills in: address and length.
type out [2]uint32

func (o *out) words() (at, length int64) {
	words := int64(addressOf(&o[0]))
	return words, words + 4
}

func (o *out) bytes() []byte { return taken(o[0], o[1]) }

// Rows is a result of the database.
type Rows struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// Query runs a statement that gives rows.
func Query(sql string, params ...any) (Rows, error) {
	var rows Rows
	text, encoded, err := statement(sql, params)
	if err != nil {
		return rows, err
	}
	var result, failure out
	resultAt, resultLength := result.words()
	failureAt, failureLength := failure.words()
	dbQuery2(address(text), int64(len(text)), address(encoded), int64(len(encoded)),
		resultAt, resultLength, failureAt, failureLength)
	if failure[1] > 0 {
		return rows, errors.New(string(failure.bytes()))
	}
	err = json.Unmarshal(result.bytes(), &rows)
	return rows, err
}

// Exec runs a statement and says how many rows it changed.
func Exec(sql string, params ...any) (uint64, error) {
	text, encoded, err := statement(sql, params)
	if err != nil {
		return 0, err
	}
	var changed uint64
	var failure out
	failureAt, failureLength := failure.words()
	dbExec(address(text), int64(len(text)), address(encoded), int64(len(encoded)),
		int64(addressOf(&changed)), failureAt, failureLength)
	if failure[1] > 0 {
		return 0, errors.New(string(failure.bytes()))
	}
	return changed, nil
}

func statement(sql string, params []any) (text, encoded []byte, err error) {
	encoded, err = json.Marshal(params)
	return []byte(sql), encoded, err
}

// Get reads a value from the key-value store; a missing one is empty.
func Get(key string) string {
	name := []byte(key)
	var value out
	at, length := value.words()
	storageGet(address(name), int64(len(name)), at, length)
	return string(value.bytes())
}

// Set stores a value.
func Set(key, value string) bool {
	name, bytes := []byte(key), []byte(value)
	return storageSet(address(name), int64(len(name)), address(bytes), int64(len(bytes))) == 1
}

// Emit publishes an event.
func Emit(topic string, payload any) bool {
	encoded, err := json.Marshal(payload)
	if err != nil {
		return false
	}
	name := []byte(topic)
	return eventEmit(address(name), int64(len(name)), address(encoded), int64(len(encoded))) == 1
}

// Log writes a line of level info to the host's log.
func Log(line string) {
	text := []byte(line)
	hostLog(1, address(text), int64(len(text)))
}
