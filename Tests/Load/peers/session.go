// The Go program that sessiond is measured beside: net/http/fcgi, pgx with its pool, html/template.
//
//	session CONNECTIONS      listens on standard input; DATABASE_URL names the database
//
// It reads and writes the same django_session table, and leaves out what makes sessiond slower: no signature is checked
// or made, and there is no CSRF token.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"log"
	"net/http"
	"net/http/fcgi"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	keyAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	keyLength   = 32
	sessionAge  = 14 * 24 * time.Hour

	// What Django appends to the data, made by somebody else.
	signature = ":1vNIXK:ljwJmL4WbQ1VaM1GlFR4NLtZc9pZlI8kZ4L0mfyz6Cs"

	loadSQL   = "SELECT session_data FROM django_session WHERE session_key = $1 AND expire_date > now()"
	createSQL = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ($1, $2, $3)"
)

var pages = template.Must(template.New("").Parse(`
{{define "form"}}<!doctype html><html><body><form method="post" action="/myapp/login/"><input name="username">` +
	`<input name="password" type="password"><button>Sign in</button></form></body></html>{{end}}
{{define "loggedin"}}<!doctype html><html><body>You are : <strong>{{.Username}}</strong></body></html>{{end}}`))

type session struct {
	Username string `json:"username"`
}

type server struct{ pool *pgxpool.Pool }

// load returns the session of the request's cookie, nil where there is none.
func (s server) load(r *http.Request) (*session, error) {
	cookie, err := r.Cookie("sessionid")
	if err != nil || len(cookie.Value) != keyLength {
		return nil, nil
	}
	var text string
	err = s.pool.QueryRow(r.Context(), loadSQL, cookie.Value).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	payload, _, _ := strings.Cut(text, ":")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil, nil
	}
	found := new(session)
	if json.Unmarshal(data, found) != nil || found.Username == "" {
		return nil, nil
	}
	return found, nil
}

// create stores a session under a new key, which it returns.
func (s server) create(ctx context.Context, data session) (string, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	key, err := newKey()
	if err != nil {
		return "", err
	}
	payload := base64.RawURLEncoding.EncodeToString(text) + signature
	_, err = s.pool.Exec(ctx, createSQL, key, payload, time.Now().Add(sessionAge))
	return key, err
}

// newKey draws a key evenly: bytes past the last whole multiple of the alphabet's size are thrown away.
func newKey() (string, error) {
	const limit = 256 / len(keyAlphabet) * len(keyAlphabet)
	key := make([]byte, 0, keyLength)
	random := make([]byte, 2*keyLength)
	for len(key) < keyLength {
		if _, err := rand.Read(random); err != nil {
			return "", err
		}
		for _, b := range random {
			if int(b) < limit && len(key) < keyLength {
				key = append(key, keyAlphabet[int(b)%len(keyAlphabet)])
			}
		}
	}
	return string(key), nil
}

func (s server) form(w http.ResponseWriter, r *http.Request) {
	found, err := s.load(r)
	if err != nil {
		fail(w, err)
	} else if found == nil {
		render(w, "form", nil)
	} else {
		render(w, "loggedin", found)
	}
}

func (s server) login(w http.ResponseWriter, r *http.Request) {
	username := r.PostFormValue("username")
	if r.Method != http.MethodPost || username == "" {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	data := session{Username: username}
	key, err := s.create(r.Context(), data)
	if err != nil {
		fail(w, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: "sessionid", Value: key, Path: "/", MaxAge: int(sessionAge / time.Second), HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
	render(w, "loggedin", data)
}

func render(w http.ResponseWriter, name string, data interface{}) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(page.Len())) // so that nginx sends the answer in one piece
	w.Header().Set("Vary", "Cookie")
	w.Write(page.Bytes())
}

func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "Internal Server Error", http.StatusInternalServerError)
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: session CONNECTIONS")
	}
	connections, err := strconv.ParseUint(os.Args[1], 10, 16)
	if err != nil || connections == 0 {
		log.Fatalf("session: CONNECTIONS is a positive number, not %s", os.Args[1])
	}
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	config.MaxConns = int32(connections)
	pool, err := pgxpool.ConnectConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	s, mux := server{pool}, http.NewServeMux()
	mux.HandleFunc("/myapp/connection/", s.form)
	mux.HandleFunc("/myapp/login/", s.login)
	log.Fatal(fcgi.Serve(nil, mux))
}
