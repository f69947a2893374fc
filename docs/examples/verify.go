// Verify a number from Go, with its standard library alone: go run verify.go ACCOUNT PHONE
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

var client = http.Client{
	Timeout: 35 * time.Second,
	Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			path := os.Getenv("SIMGATE_SOCKET")
			if path == "" {
				path = "/run/simgate/api.sock"
			}
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	},
}

// answer holds what this example needs of a verification, a check and a refusal.
type answer struct {
	ID     string `json:"id"`
	Result string `json:"result"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

func post(path string, body any) (int, answer) {
	var got answer
	text, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Post("http://simgate"+path, "application/json", bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		log.Fatal(err)
	}
	return response.StatusCode, got
}

func main() {
	log.SetFlags(0)
	status, started := post("/v1/verifications",
		map[string]string{"account": os.Args[1], "phone": os.Args[2]})
	if status != http.StatusAccepted {
		log.Fatalf("%s: %s", started.Reason, started.Detail)
	}
	fmt.Fprint(os.Stderr, "code: ")
	code, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	_, judged := post("/v1/verifications/"+started.ID+"/check",
		map[string]string{"code": strings.TrimSpace(code)})
	if judged.Result != "" {
		fmt.Println(judged.Result)
	} else {
		fmt.Println(judged.Reason)
	}
}
