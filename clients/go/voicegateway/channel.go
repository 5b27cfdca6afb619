package voicegateway

import (
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // without it, healthCheckConfig is ignored
	"google.golang.org/grpc/keepalive"
)

// ServiceConfig is the service config of a channel to the gateway, as JSON. It has three parts:
//
//   - Calls go round robin over all addresses of the target.
//   - A replica that is not ready to dial (starting, draining, or without its ledger) gets no calls.
//   - UNAVAILABLE is repeated, up to 4 attempts in all. The gateway answers it only when nothing was
//     sent, and a repeat with the same request_id never dials twice. What must not be repeated
//     carries a pushback that stops this.
//
// It sets no timeout: give each call its own. PlaceCall needs 30 seconds or more, since the gateway
// waits up to 26 seconds for the provider.
const ServiceConfig = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": "voicegateway.v1.OutboundCallService"},
  "methodConfig": [
    {
      "name": [{"service": "voicegateway.v1.OutboundCallService"}],
      "retryPolicy": {
        "maxAttempts": 4,
        "initialBackoff": "0.2s",
        "maxBackoff": "5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    }
  ]
}`

const userAgent = "kaleyra-gateway-client-go/" + Version

// The gateway pings its callers as often. Some networks forget a connection that is silent for 4 minutes.
const (
	keepaliveTime    = 60 * time.Second
	keepaliveTimeout = 20 * time.Second
)

// gRPC's own longest wait before it connects again is 2 minutes, in which a gateway that is back is not noticed. How
// long an attempt may take is gRPC's own.
const (
	reconnectWait  = 5 * time.Second
	connectTimeout = 20 * time.Second
)

// DialOptions are the options that [NewClient] dials with: [ServiceConfig], a user agent with the
// [Version] of this package, a ping each minute that finds connections which broke in silence, and
// waits of no more than about 5 seconds between attempts to connect.
//
// The gateway accepts a ping every 10 seconds. A gRPC proxy in front of it that was left at the usual
// 5 minutes does not, and closes the connection as too_many_pings: override them there with
// [grpc.WithKeepaliveParams].
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultServiceConfig(ServiceConfig),
		grpc.WithUserAgent(userAgent),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    keepaliveTime,
			Timeout: keepaliveTimeout,
		}),
		grpc.WithConnectParams(connectParams()),
	}
}

func connectParams() grpc.ConnectParams {
	waits := grpcbackoff.DefaultConfig
	waits.MaxDelay = reconnectWait
	return grpc.ConnectParams{Backoff: waits, MinConnectTimeout: connectTimeout}
}

// NewClient opens a channel to the gateway at target, such as "127.0.0.1:50051", or
// "dns:///gateway.example.com:50051" for every address behind a name.
//
// It needs credentials among opts, such as [grpc.WithTransportCredentials]. Options that are given
// here override those of [DialOptions]. It does not connect yet, and fails only when an option or
// the target is wrong.
func NewClient(target string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, append(DialOptions(), opts...)...)
}
