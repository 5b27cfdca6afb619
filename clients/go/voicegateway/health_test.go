package voicegateway_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

const service = "voicegateway.v1.OutboundCallService"

// replica is a gateway that tells its health.
type replica struct {
	*fakeGateway
	health  *health.Server
	watched chan string // the methods that were called as streams
}

func runReplica(t *testing.T, told healthv1.HealthCheckResponse_ServingStatus) *replica {
	t.Helper()
	r := &replica{health: health.NewServer(), watched: make(chan string, 10)}
	r.fakeGateway = newFakeGateway(accepts, grpc.StreamInterceptor(
		func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			r.watched <- info.FullMethod
			return handle(server, stream)
		}))
	r.health.SetServingStatus(service, told)
	healthv1.RegisterHealthServer(r.server, r.health)
	t.Cleanup(r.serve())
	return r
}

// dialAll opens one channel to several addresses.
func dialAll(t *testing.T, addresses ...string) voicegatewayv1.OutboundCallServiceClient {
	t.Helper()
	builder := manual.NewBuilderWithScheme("replicas")
	var found resolver.State
	for _, address := range addresses {
		found.Addresses = append(found.Addresses, resolver.Address{Addr: address})
	}
	builder.InitialState(found)
	return dial(t, "replicas:///", grpc.WithResolvers(builder), grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
}

// placeMany places calls until enough is true, or ctx has ended.
func placeMany(t *testing.T, ctx context.Context, client voicegatewayv1.OutboundCallServiceClient, enough func(placed int) bool) {
	t.Helper()
	for placed := 0; !enough(placed); placed++ {
		if _, err := client.PlaceCall(ctx, aCall()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAReplicaThatIsNotServingGetsNoCalls(t *testing.T) {
	ready := runReplica(t, healthv1.HealthCheckResponse_SERVING)
	other := runReplica(t, healthv1.HealthCheckResponse_NOT_SERVING)
	client, ctx := dialAll(t, ready.address, other.address), briefly(t)

	placeMany(t, ctx, client, func(placed int) bool { return placed == 1 })
	for _, each := range []*replica{ready, other} {
		select {
		case method := <-each.watched:
			if method != "/grpc.health.v1.Health/Watch" {
				t.Fatal(method)
			}
		case <-ctx.Done():
			t.Fatal("nobody asks for a replica's health")
		}
	}
	placeMany(t, ctx, client, func(placed int) bool { return placed == 20 })
	if other.attempts() != 0 {
		t.Errorf("%d calls went to a replica that is not serving", other.attempts())
	}

	other.health.SetServingStatus(service, healthv1.HealthCheckResponse_SERVING)
	placeMany(t, ctx, client, func(int) bool { return other.attempts() > 0 })

	ready.health.SetServingStatus(service, healthv1.HealthCheckResponse_NOT_SERVING)
	before := 0
	placeMany(t, ctx, client, func(placed int) bool { // until 20 in a row went to the other one
		if placed%20 != 0 || placed == 0 {
			return false
		}
		had := before
		before = ready.attempts()
		return had == before
	})
}

func TestCallsGoRoundRobin(t *testing.T) {
	one := runReplica(t, healthv1.HealthCheckResponse_SERVING)
	two := runReplica(t, healthv1.HealthCheckResponse_SERVING)
	client, ctx := dialAll(t, one.address, two.address), briefly(t)

	placeMany(t, ctx, client, func(int) bool { return one.attempts() > 0 && two.attempts() > 0 })
	first, second := one.attempts(), two.attempts()
	placeMany(t, ctx, client, func(placed int) bool { return placed == 20 })
	if one.attempts()-first != 10 || two.attempts()-second != 10 {
		t.Errorf("%d and %d of 20 calls", one.attempts()-first, two.attempts()-second)
	}
}
