// Package guest is what a plugin in Go needs: the host functions, the exports, a router.
//
// The exports are called after the runtime has run every init function, so a plugin registers its
// handlers in one.
package guest

import (
	"encoding/json"
	"strings"
)

// Request is what the host hands over.
type Request struct {
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Query     map[string]string `json:"query"`
	ProjectID string            `json:"project_id"`
	CallerID  string            `json:"caller_id"`
	Body      []byte            `json:"body"`
	// Params are the values of the route's parameters.
	Params map[string]string `json:"-"`
}

// Response is what the host gets back. A nil body is written as null.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// Handler answers one route.
type Handler func(*Request) Response

type route struct {
	method  string
	pattern []string
	handler Handler
}

var (
	routes []route
	events = map[string]func(payload []byte){}
)

// Route registers a handler; of several that match the first is called.
func Route(method, pattern string, handler Handler) {
	routes = append(routes, route{method, segments(pattern), handler})
}

// On registers a handler for the events of a topic.
func On(topic string, handler func(payload []byte)) { events[topic] = handler }

// JSON is a response with a JSON body.
func JSON(status int, value any) Response {
	body, err := json.Marshal(value)
	if err != nil {
		return Fail(500, err.Error())
	}
	return Response{status, map[string]string{"Content-Type": "application/json"}, body}
}

// Fail is a response that says what went wrong.
func Fail(status int, message string) Response {
	return JSON(status, map[string]string{"error": message})
}

// Init has nothing to do: the handlers are registered by then.
//
//go:wasmexport Init
func Init() int32 { return 0 }

// HandleRequest serves one request.
//
//go:wasmexport HandleRequest
func HandleRequest(at, length int32) int64 {
	envelope := taken(uint32(at), uint32(length))
	ResetAllocator()
	answer, err := json.Marshal(serve(envelope))
	if err != nil {
		return 0
	}
	ResetAllocator()
	return given(answer)
}

// HandleEvent delivers one event.
//
//go:wasmexport HandleEvent
func HandleEvent(topicAt, topicLength, payloadAt, payloadLength int32) {
	topic := string(taken(uint32(topicAt), uint32(topicLength)))
	payload := taken(uint32(payloadAt), uint32(payloadLength))
	ResetAllocator()
	if handler, known := events[topic]; known {
		handler(payload)
	}
}

// Shutdown says good-bye in the log.
//
//go:wasmexport Shutdown
func Shutdown() { Log("shutting down") }

func serve(envelope []byte) Response {
	var request Request
	if err := json.Unmarshal(envelope, &request); err != nil {
		return Fail(400, "envelope: "+err.Error())
	}
	path := segments(request.Path)
	for _, route := range routes {
		if params, matched := match(route.pattern, path); matched && route.method == request.Method {
			request.Params = params
			return route.handler(&request)
		}
	}
	return Fail(404, "no handler for "+request.Method+" "+request.Path)
}

func match(pattern, path []string) (map[string]string, bool) {
	if len(pattern) != len(path) {
		return nil, false
	}
	params := map[string]string{}
	for i, segment := range pattern {
		if name, isParam := strings.CutPrefix(segment, ":"); isParam {
			params[name] = path[i]
		} else if segment != path[i] {
			return nil, false
		}
	}
	return params, true
}

func segments(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }
