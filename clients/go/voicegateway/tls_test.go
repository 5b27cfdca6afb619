package voicegateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// issued is a certificate with its key.
type issued struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a certificate for 127.0.0.1, signed by an authority; nil makes the authority itself.
func issue(t *testing.T, name string, authority *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &issued{key: key, certificate: &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:         authority == nil, BasicConstraintsValid: true,
	}}
	if authority == nil {
		authority = made
	}
	der, err := x509.CreateCertificate(rand.Reader, made.certificate, authority.certificate, &key.PublicKey, authority.key)
	if err != nil {
		t.Fatal(err)
	}
	if made.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return made
}

// write puts certificate and key into files.
func (i *issued) write(t *testing.T, folder, name string) (certificateFile, keyFile string) {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt":        {Type: "CERTIFICATE", Bytes: i.certificate.Raw},
		name + "-secret.pem": {Type: "EC PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(filepath.Join(folder, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, name+".crt"), filepath.Join(folder, name+"-secret.pem")
}

func TestAChannelSpeaksTLSWithACertificateOfItsOwn(t *testing.T) {
	folder, authority := t.TempDir(), issue(t, "authority", nil)
	authorityFile, _ := authority.write(t, folder, "gateway-ca")
	certificateFile, keyFile := issue(t, "reminders", authority).write(t, folder, "reminders")
	served := issue(t, "gateway", authority)
	callers := x509.NewCertPool()
	callers.AddCert(authority.certificate)
	gateway := run(t, accepts, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{served.certificate.Raw}, PrivateKey: served.key}},
		ClientCAs:    callers, ClientAuth: tls.RequireAndVerifyClientCert,
	})))

	conn, err := dialMutualTLS(gateway.address, authorityFile, certificateFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := voicegatewayv1.NewOutboundCallServiceClient(conn).PlaceCall(briefly(t), aCall()); err != nil {
		t.Error(err)
	}

	stranger := issue(t, "stranger", nil)
	strangerCertificate, strangerKey := stranger.write(t, folder, "stranger")
	unknown, err := dialMutualTLS(gateway.address, authorityFile, strangerCertificate, strangerKey)
	if err != nil {
		t.Fatal(err)
	}
	defer unknown.Close()
	_, err = voicegatewayv1.NewOutboundCallServiceClient(unknown).PlaceCall(briefly(t), aCall())
	if e := voicegateway.FromError(err); e == nil || e.FromGateway || e.Code != codes.Unavailable || gateway.attempts() != 1 {
		t.Errorf("a stranger was answered %v", e)
	}
}
