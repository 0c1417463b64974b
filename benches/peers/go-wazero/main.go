// go-wazero serves a guest on loopback as the least that a Go host would do: net/http, encoding/json,
// and wazero with its compiler.
//
// It writes and reads the envelopes of a request and of its answer as the host of this project does,
// and keeps instances from call to call. There is nothing else: no authentication, no permissions, no
// deadline for the guest, no limits but that of a body, no metrics, no log, no functions for the guest
// to call. The guest's answer is taken at its word where the host of this project checks it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

// The longest body of a request.
const maxBody = 10 << 20

func main() {
	readyFile := flag.String("ready-file", "", "a `file` to write the base URL to, once it serves")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "go-wazero --ready-file FILE MODULE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *readyFile == "" || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := serve(flag.Arg(0), *readyFile); err != nil {
		log.Fatal(err)
	}
}

func serve(module, readyFile string) error {
	wasm, err := os.ReadFile(module)
	if err != nil {
		return err
	}
	guests, err := compile(context.Background(), wasm)
	if err != nil {
		return fmt.Errorf("%s: %w", module, err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	partial := readyFile + ".tmp"
	if err := os.WriteFile(partial, []byte("http://"+listener.Addr().String()), 0o644); err != nil {
		return err
	}
	if err := os.Rename(partial, readyFile); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) { handle(guests, w, r) })
	return http.Serve(listener, mux)
}

func handle(guests *guests, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the body cannot be read", status)
		return
	}
	request, err := encode(r, body)
	if err != nil {
		http.Error(w, "the request has no envelope", http.StatusInternalServerError)
		return
	}
	// Not the request's context: to end a call midway is not built in here.
	answer, err := guests.call(context.Background(), request)
	if err != nil {
		log.Print(err)
		http.Error(w, "the guest failed", http.StatusInternalServerError)
		return
	}
	response, err := decode(answer)
	if err != nil {
		http.Error(w, "the guest's answer is none", http.StatusBadGateway)
		return
	}
	header := w.Header()
	for name, value := range response.Headers {
		if name = http.CanonicalHeaderKey(name); !dropped[name] {
			header[name] = []string{value}
		}
	}
	if header["Content-Type"] == nil {
		header["Content-Type"] = []string{"application/json"}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(response.Body))}
	w.WriteHeader(response.Status)
	// A client that goes away is no news.
	_, _ = w.Write(response.Body)
}
