// Command whatnext says what a program does after each error of the gateway. It reads errors from standard input, one
// a line, as logs show the trailer grpc-status-details-bin (base64).
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/status"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"example.com/voicegateway/clients/go/voicegateway"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		written, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		var told status.Status
		if err := proto.Unmarshal(written, &told); err != nil {
			log.Fatal(err)
		}
		fmt.Println(line(whatNext(voicegateway.FromError(grpcstatus.FromProto(&told).Err()))))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func line(next Next) string {
	requestID := "same"
	if next.NewRequestID {
		requestID = "new"
	}
	told := "%s wait=%gs request_id=%s fields=%s"
	return fmt.Sprintf(told, next.Action, next.Wait.Seconds(), requestID, strings.Join(next.Fields, ","))
}
