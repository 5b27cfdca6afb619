// Command upstream stands in for the provider as fast as it can: it reads a request, counts it, and accepts it.
//
// GET /count says how many POSTs came. What is posted below /kept/ is kept until GET /kept takes it, as a JSON array.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
)

const accepted = `{"code":"RBC3007","message":"Submitted Successfully","data":{"to":"+13236550107",` +
	`"target":[{"message":{"text":"Your appointment is tomorrow at ten.","language":"en-US","speed":"medium"}}],` +
	`"bridge":"+13236550100"},"error":{}}`

// kept holds forms as they came.
type kept struct {
	mutex sync.Mutex
	forms []string
}

func (k *kept) put(form []byte) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.forms = append(k.forms, string(form))
}

func (k *kept) take() []string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	forms := k.forms
	k.forms = []string{}
	return forms
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to listen")
	flag.Parse()

	var posts atomic.Int64
	forms := kept{forms: []string{}}
	http.HandleFunc("GET /count", func(reply http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(reply, posts.Load())
	})
	http.HandleFunc("GET /kept", func(reply http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(reply).Encode(forms.take())
	})
	http.HandleFunc("POST /", func(reply http.ResponseWriter, request *http.Request) {
		posts.Add(1)
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		accept(reply)
	})
	http.HandleFunc("POST /kept/", func(reply http.ResponseWriter, request *http.Request) {
		posts.Add(1)
		form, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		forms.put(form)
		accept(reply)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}

func accept(reply http.ResponseWriter) {
	reply.Header().Set("Content-Type", "application/json")
	io.WriteString(reply, accepted)
}
