package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"
)

func init() { actions["get"] = get }

// get prints what a URL leads to, redirects followed. A second argument is the certificate, in PEM, that is trusted.
func get(a []string) error {
	client := http.Client{Timeout: 30 * time.Second}
	if len(a) > 1 {
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM([]byte(a[1]))
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	}
	response, err := client.Get(a[0])
	if err != nil {
		fmt.Println(err)
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	fmt.Printf("%d %s", response.StatusCode, body)
	return err
}
