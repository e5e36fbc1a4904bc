// The resource definitions that the adapters are tried with, read from the module cache: nothing here is compiled.
module quarterdeck/tests/conformance/kubernetes/crds

go 1.26.0

require (
	istio.io/api v1.31.4
	sigs.k8s.io/gateway-api v1.6.3
)
