package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

const (
	apiKey    = "Abenchmarkskey00000000000000000003"
	bodyLimit = 1 << 20
)

// reasonByCode says what the provider's codes mean; any other is an unknown outcome.
var reasonByCode = map[string]pb.ErrorReason{
	"RBC3007": accepted,
	"RBC201":  pb.ErrorReason_ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
	"RBC3004": pb.ErrorReason_ERROR_REASON_PROVIDER_INVALID_INPUT,
	"RBC3108": pb.ErrorReason_ERROR_REASON_SCHEDULE_TIME_REFUSED,
	"RBC3109": pb.ErrorReason_ERROR_REASON_INVALID_NUMBER,
	"RBC3114": pb.ErrorReason_ERROR_REASON_SOUND_NOT_FOUND,
	"RBC3115": pb.ErrorReason_ERROR_REASON_FLOW_NOT_FOUND,
	"RBC3119": pb.ErrorReason_ERROR_REASON_BRIDGE_NOT_FOUND,
}

// provider posts forms over one shared client.
type provider struct {
	url    string
	client *http.Client
}

func newProvider(baseURL string) *provider {
	return &provider{
		url: baseURL + "/v1/HXXXXXXX071US/voice/outbound",
		client: &http.Client{
			Timeout: 20 * time.Second,
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
				TLSHandshakeTimeout: 3 * time.Second,
				MaxIdleConnsPerHost: 256, // the default of 2 would make nearly every call connect anew
				IdleConnTimeout:     5 * time.Second,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// post sends a form once, and reads the verdict: the `code` in the body, under any HTTP status.
func (p *provider) post(ctx context.Context, form string) (*pb.ProviderReply, *problem) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(form))
	if err != nil {
		return nil, because(pb.ErrorReason_ERROR_REASON_INTERNAL)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("api-key", apiKey)
	response, err := p.client.Do(request)
	if err != nil {
		return nil, because(lostOrNotSent(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return nil, because(pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN)
	}
	var envelope struct{ Code, Message string }
	reply := &pb.ProviderReply{HttpStatus: int32(response.StatusCode), ReceiveTime: timestamppb.Now()}
	if json.Unmarshal(body, &envelope) != nil || envelope.Code == "" {
		return reply, because(reasonByStatus(response.StatusCode))
	}
	reply.Code, reply.Message = envelope.Code, envelope.Message
	reason, known := reasonByCode[envelope.Code]
	if !known {
		reason = pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN
	}
	return reply, because(reason)
}

// lostOrNotSent tells a connection that never stood, over which nothing can have left, from everything else.
func lostOrNotSent(err error) pb.ErrorReason {
	var failure *net.OpError
	if errors.As(err, &failure) && failure.Op == "dial" {
		return pb.ErrorReason_ERROR_REASON_PROVIDER_UNREACHABLE
	}
	return pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN
}

// reasonByStatus says what an HTTP status proves without a code.
func reasonByStatus(status int) pb.ErrorReason {
	switch status {
	case 301, 307, 308, 404, 405:
		return pb.ErrorReason_ERROR_REASON_PROVIDER_MISCONFIGURED
	case 400, 413, 414, 415, 422, 431:
		return pb.ErrorReason_ERROR_REASON_PROVIDER_REFUSED
	case 401:
		return pb.ErrorReason_ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED
	case 429:
		return pb.ErrorReason_ERROR_REASON_PROVIDER_THROTTLED
	}
	return pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN
}
