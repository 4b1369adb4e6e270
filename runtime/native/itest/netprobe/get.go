package main

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

func init() { actions["get"] = get }

// get prints what a URL leads to, redirects followed.
func get(a []string) error {
	client := http.Client{Timeout: 30 * time.Second}
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
