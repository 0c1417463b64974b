package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// What the guest reads. Nobody is signed in, and no project is asked for.
type requestEnvelope struct {
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Query      map[string]string `json:"query"`
	ProjectID  string            `json:"project_id"`
	CallerID   string            `json:"caller_id"`
	UserID     string            `json:"user_id"`
	CallerRole string            `json:"caller_role"`
	Headers    map[string]string `json:"headers"`
	Body       []byte            `json:"body"`
}

// What the guest writes.
type responseEnvelope struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// Headers of a request that no guest sees.
var hidden = map[string]bool{
	"Authorization":       true,
	"Cookie":              true,
	"X-Api-Key":           true,
	"Proxy-Authorization": true,
	"Connection":          true,
	"Host":                true,
	"Keep-Alive":          true,
	"Proxy-Connection":    true,
	"Te":                  true,
	"Trailer":             true,
	"Transfer-Encoding":   true,
	"Upgrade":             true,
}

// Headers of an answer that belong to the connection and the host.
var dropped = map[string]bool{
	"Clear-Site-Data":    true,
	"Connection":         true,
	"Content-Length":     true,
	"Keep-Alive":         true,
	"Proxy-Authenticate": true,
	"Proxy-Connection":   true,
	"Set-Cookie":         true,
	"Te":                 true,
	"Trailer":            true,
	"Transfer-Encoding":  true,
	"Upgrade":            true,
}

func encode(r *http.Request, body []byte) ([]byte, error) {
	envelope := requestEnvelope{
		Method:  r.Method,
		Path:    strings.TrimLeft(r.URL.Path, "/"),
		Query:   map[string]string{},
		Headers: make(map[string]string, len(r.Header)),
		Body:    body,
	}
	if r.URL.RawQuery != "" {
		for name, values := range r.URL.Query() {
			envelope.Query[name] = values[0]
		}
	}
	for name, values := range r.Header {
		if !hidden[name] {
			envelope.Headers[name] = values[0]
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(&envelope)
	return text.Bytes(), err
}

func decode(answer []byte) (*responseEnvelope, error) {
	response := new(responseEnvelope)
	if err := json.Unmarshal(answer, response); err != nil {
		return nil, err
	}
	switch {
	case response.Status == 0:
		response.Status = http.StatusOK
	case response.Status < 200 || response.Status > 599:
		return nil, fmt.Errorf("status %d", response.Status)
	}
	return response, nil
}
