// Modules whose files, not code, are used: their CRDs say what Istio's and the Gateway API's objects may hold
// (tests/deploy). Nothing is built, so `go mod tidy` would drop both.
module example.com/voicegateway/tools/mesh-crds

go 1.26.0

require (
	istio.io/api v1.31.4
	sigs.k8s.io/gateway-api v1.6.3
)
