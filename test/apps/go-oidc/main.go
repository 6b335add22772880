// A web app by go-oidc and golang.org/x/oauth2.  Its argument, in JSON, says what it was
// registered as, and where it is.  / says who signed in.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

var told struct {
	Issuer, URL  string
	Port         int
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// One person is enough here.
var state, nonce, verifier, hint string
var who map[string]string

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	must(json.Unmarshal([]byte(os.Args[1]), &told))
	provider, err := oidc.NewProvider(ctx, told.Issuer)
	must(err)
	config := oauth2.Config{
		ClientID: told.ClientID, ClientSecret: told.ClientSecret,
		Endpoint: provider.Endpoint(), RedirectURL: told.URL + "/callback",
		Scopes: []string{oidc.ScopeOpenID, "email"},
	}
	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		state, nonce, verifier = rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce),
			oauth2.S256ChallengeOption(verifier)), http.StatusFound)
	})
	http.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("state") != state {
			log.Fatal("another state")
		}
		token, err := config.Exchange(ctx, r.FormValue("code"), oauth2.VerifierOption(verifier))
		must(err)
		hint = token.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: told.ClientID}).Verify(ctx, hint)
		must(err)
		must(id.VerifyAccessToken(token.AccessToken)) // at_hash
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		must(err)
		if id.Nonce != nonce || info.Subject != id.Subject {
			log.Fatal("another nonce or subject")
		}
		who = map[string]string{"sub": id.Subject, "email": info.Email}
		http.Redirect(w, r, "/", http.StatusFound)
	})
	http.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		who = nil
		var has struct {
			EndSession string `json:"end_session_endpoint"`
		}
		must(provider.Claims(&has))
		http.Redirect(w, r, has.EndSession+"?"+url.Values{"id_token_hint": {hint},
			"post_logout_redirect_uri": {told.URL + "/bye"}}.Encode(), http.StatusFound)
	})
	http.HandleFunc("/bye", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("bye"))
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if who == nil {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		must(json.NewEncoder(w).Encode(who))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+strconv.Itoa(told.Port), nil))
}
