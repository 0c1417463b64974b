// Command go_notes is a plugin compiled by the Go compiler: notes on the tasks of a project, and
// routes that show what the language's runtime needs of a host: clocks, randomness, a scheduler,
// and an end that is no answer.
package main

import "hostproof/guests/guest"

func init() {
	guest.Route("GET", "/projects/:projectId/notes/count", count)
	guest.Route("GET", "/projects/:projectId/notes", list)
	guest.Route("POST", "/projects/:projectId/notes", create)
	guest.Route("DELETE", "/projects/:projectId/notes/:noteId", remove)
	guest.On("task.deleted", forgetTask)

	guest.Route("GET", "/runtime/clock", clock)
	guest.Route("GET", "/runtime/random", random)
	guest.Route("GET", "/runtime/goroutines", goroutines)
	guest.Route("GET", "/runtime/surroundings", surroundings)
	guest.Route("POST", "/runtime/print", print)
	guest.Route("POST", "/runtime/panic", panics)
	guest.Route("POST", "/runtime/exit", exit)
}

func main() {}
