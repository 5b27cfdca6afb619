// Command upstream stands in for the provider as fast as it can: it reads a request, counts it, and accepts it.
//
// GET /count says how many POSTs came.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"
)

const accepted = `{"code":"RBC3007","message":"Submitted Successfully","data":{"to":"+13236550107",` +
	`"target":[{"message":{"text":"Your appointment is tomorrow at ten.","language":"en-US","speed":"medium"}}],` +
	`"bridge":"+13236550100"},"error":{}}`

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to listen")
	flag.Parse()

	var posts atomic.Int64
	http.HandleFunc("GET /count", func(reply http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(reply, posts.Load())
	})
	http.HandleFunc("POST /", func(reply http.ResponseWriter, request *http.Request) {
		posts.Add(1)
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		reply.Header().Set("Content-Type", "application/json")
		io.WriteString(reply, accepted)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
