package voicegateway_test

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

const service = "voicegateway.v1.OutboundCallService"

// fakeHealth tells a replica's health. It is no health.Server: whoever imports that has client-side health checks, too,
// and would not see that the package forgot them.
type fakeHealth struct {
	healthv1.UnimplementedHealthServer
	watched chan string // the services that were asked for

	mu      sync.Mutex
	told    healthv1.HealthCheckResponse_ServingStatus
	changed chan struct{}
}

func (h *fakeHealth) Watch(request *healthv1.HealthCheckRequest, stream healthv1.Health_WatchServer) error {
	h.watched <- request.GetService()
	for {
		h.mu.Lock()
		told, changed := h.told, h.changed
		h.mu.Unlock()
		if err := stream.Send(&healthv1.HealthCheckResponse{Status: told}); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (h *fakeHealth) set(told healthv1.HealthCheckResponse_ServingStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = told
	close(h.changed)
	h.changed = make(chan struct{})
}

// replica is a gateway that tells its health.
type replica struct {
	*fakeGateway
	health *fakeHealth
}

func runReplica(t *testing.T, told healthv1.HealthCheckResponse_ServingStatus) *replica {
	t.Helper()
	health := &fakeHealth{watched: make(chan string, 100), told: told, changed: make(chan struct{})}
	gateway := newFakeGateway(accepts)
	healthv1.RegisterHealthServer(gateway.server, health)
	t.Cleanup(gateway.serve())
	return &replica{gateway, health}
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
		case asked := <-each.health.watched:
			if asked != service {
				t.Fatalf("the health of %q was asked for", asked)
			}
		case <-ctx.Done():
			t.Fatal("nobody asks for a replica's health")
		}
	}
	placeMany(t, ctx, client, func(placed int) bool { return placed == 20 })
	if other.attempts() != 0 {
		t.Errorf("%d calls went to a replica that is not serving", other.attempts())
	}

	other.health.set(healthv1.HealthCheckResponse_SERVING)
	placeMany(t, ctx, client, func(int) bool { return other.attempts() > 0 })

	ready.health.set(healthv1.HealthCheckResponse_NOT_SERVING)
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
