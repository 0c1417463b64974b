package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"hostproof/guests/guest"
)

const countKey = "notes.created"

type note struct {
	ID        string  `json:"id"`
	TaskID    *string `json:"task_id"`
	Token     string  `json:"token"`
	Text      string  `json:"text"`
	Stars     int     `json:"stars"`
	CreatedAt string  `json:"created_at"`
}

func list(request *guest.Request) guest.Response {
	rows, err := guest.Query(`SELECT id, task_id, token, text, stars, created_at FROM notes
		WHERE project_id = $1 ORDER BY created_at, id`, request.Params["projectId"])
	if err != nil {
		return guest.Fail(500, err.Error())
	}
	notes := make([]note, 0, len(rows.Rows))
	for _, row := range rows.Rows {
		notes = append(notes, fromRow(row))
	}
	return guest.JSON(200, map[string]any{"notes": notes})
}

func create(request *guest.Request) guest.Response {
	var wanted struct {
		TaskID *string `json:"task_id"`
		Text   string  `json:"text"`
		Stars  int     `json:"stars"`
	}
	if err := json.Unmarshal(request.Body, &wanted); err != nil || wanted.Text == "" {
		return guest.Fail(400, "a text is needed")
	}
	now := time.Now().UTC().Format(time.RFC3339Nano)
	rows, err := guest.Query(`INSERT INTO notes (project_id, task_id, token, text, stars, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, task_id, token, text, stars, created_at`,
		request.Params["projectId"], wanted.TaskID, token(), wanted.Text, wanted.Stars, now)
	if err != nil || len(rows.Rows) != 1 {
		return guest.Fail(500, "the note was not stored")
	}
	created := fromRow(rows.Rows[0])
	before, _ := strconv.Atoi(guest.Get(countKey))
	guest.Set(countKey, strconv.Itoa(before+1))
	guest.Emit("com.hostproof.go-notes.created", map[string]string{"id": created.ID})
	return guest.JSON(201, created)
}

// remove answers without a body.
func remove(request *guest.Request) guest.Response {
	changed, err := guest.Exec(`DELETE FROM notes WHERE id = $1 AND project_id = $2`,
		request.Params["noteId"], request.Params["projectId"])
	switch {
	case err != nil:
		return guest.Fail(500, err.Error())
	case changed == 0:
		return guest.Fail(404, "no such note")
	default:
		return guest.Response{Status: 204}
	}
}

func count(*guest.Request) guest.Response {
	created, _ := strconv.Atoi(guest.Get(countKey))
	return guest.JSON(200, map[string]int{"created": created})
}

func forgetTask(payload []byte) {
	var task struct {
		ID string `json:"task_id"`
	}
	if err := json.Unmarshal(payload, &task); err != nil || task.ID == "" {
		guest.Log("task.deleted without a task_id")
		return
	}
	if _, err := guest.Exec(`DELETE FROM notes WHERE task_id = $1`, task.ID); err != nil {
		guest.Log("task.deleted: " + err.Error())
	}
}

// fromRow reads the columns in the order in which every statement here names them.
func fromRow(row []any) note {
	text := func(i int) string { value, _ := row[i].(string); return value }
	read := note{ID: text(0), Token: text(2), Text: text(3), CreatedAt: text(5)}
	if task, given := row[1].(string); given {
		read.TaskID = &task
	}
	stars, _ := row[4].(float64)
	read.Stars = int(stars)
	return read
}

func token() string {
	bytes := make([]byte, 16)
	rand.Read(bytes) // never fails: without randomness the program ends
	return hex.EncodeToString(bytes)
}
