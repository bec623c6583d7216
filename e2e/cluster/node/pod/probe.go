package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const probeUsage = "usage: probe serve ADDRESS | get URL | resolve NAME"

// runProbe is the least that a test needs inside a pod that has no shell: answer, ask and look up, each once and bounded.
func runProbe(args []string) error {
	if len(args) != 2 {
		return errors.New(probeUsage)
	}
	switch verb, operand := args[0], args[1]; verb {
	case "serve":
		return serve(operand)
	case "get":
		return get(operand)
	case "resolve":
		return resolve(operand)
	default:
		return errors.New(probeUsage)
	}
}

// serve answers every request with the pod's name, and logs each to stdout so that tests can read logs.
func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		fmt.Println("served", request.URL.Path)
		fmt.Fprintln(answer, name)
	})
	server := http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	fmt.Println("listening on", address)
	return server.ListenAndServe()
}

func get(url string) error {
	client := http.Client{Timeout: 3 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	os.Stdout.Write(body)
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}

func resolve(name string) error {
	deadline, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(deadline, name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}
