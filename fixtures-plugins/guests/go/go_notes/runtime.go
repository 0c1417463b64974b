package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"hostproof/guests/guest"
)

// clock sleeps for `ms` milliseconds and reports both clocks.
func clock(request *guest.Request) guest.Response {
	pause, _ := strconv.Atoi(request.Query["ms"])
	began := time.Now()
	time.Sleep(time.Duration(pause) * time.Millisecond)
	return guest.JSON(200, map[string]any{
		"unix":       began.Unix(),
		"elapsed_ms": time.Since(began).Milliseconds(),
	})
}

func random(*guest.Request) guest.Response {
	return guest.JSON(200, map[string]string{"random": token()})
}

// goroutines adds 1..=`n` in as many goroutines, each of which gives way once.
func goroutines(request *guest.Request) guest.Response {
	n, _ := strconv.Atoi(request.Query["n"])
	parts := make(chan int)
	var running sync.WaitGroup
	for i := 1; i <= n; i++ {
		running.Go(func() {
			time.Sleep(time.Microsecond)
			parts <- i
		})
	}
	go func() { running.Wait(); close(parts) }()
	sum := 0
	for part := range parts {
		sum += part
	}
	return guest.JSON(200, map[string]int{"sum": sum})
}

// surroundings reports what a guest can see of the machine: nothing.
func surroundings(*guest.Request) guest.Response {
	_, opened := os.Open("/etc/hostname")
	return guest.JSON(200, map[string]any{
		"args":        len(os.Args),
		"environment": len(os.Environ()),
		"opened":      opened == nil,
	})
}

func print(request *guest.Request) guest.Response {
	fmt.Println(string(request.Body))
	log.Println(string(request.Body))
	return guest.JSON(200, map[string]int{"printed": 2})
}

func panics(*guest.Request) guest.Response { panic("asked to") }

func exit(request *guest.Request) guest.Response {
	code, _ := strconv.Atoi(request.Query["code"])
	os.Exit(code)
	return guest.Response{}
}
