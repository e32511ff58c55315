/*
 * c_thread: the C program that sessiond is measured beside. FastCGI as libfcgi's examples show it: each thread accepts
 * a connection, serves it with a libpq connection of its own, and waits for its next request.
 *
 *     spawn-fcgi -n -s SOCKET -- c_thread THREADS CONNINFO
 *
 * It reads and writes the same django_session table, and leaves out what makes sessiond slower: no signature, JSON,
 * CSRF token or template. Whoever posts a name to it is alice.
 */
#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_LENGTH = 32, MAX_THREADS = 512 };

static const char KEY_ALPHABET[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* {"username":"alice"}, signed by somebody else. */
static const char SESSION_DATA[] =
    "eyJ1c2VybmFtZSI6ImFsaWNlIn0:1vNIXK:ljwJmL4WbQ1VaM1GlFR4NLtZc9pZlI8kZ4L0mfyz6Cs";

static const char FORM[] =
    "<!doctype html><html><body><form method=\"post\" action=\"/myapp/login/\"><input name=\"username\">"
    "<input name=\"password\" type=\"password\"><button>Sign in</button></form></body></html>";

static const char PAGE[] = "<!doctype html><html><body>You are : <strong>%s</strong></body></html>";

/* One thread's: its place at the socket, and its connection to the database. */
struct worker {
    FCGX_Request request;
    PGconn *connection;
};

/* What a request says, pointing into its parameters; each may be absent. */
struct meta {
    const char *method, *uri, *cookie;
};

static const char *conninfo;

/* --- the database */

static bool prepare(PGconn *connection, const char *name, const char *sql)
{
    PGresult *result = PQprepare(connection, name, sql, 0, NULL);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return done;
}

/* Sees to it that the worker is connected: at its start, and again after a connection was lost. */
static bool connected(struct worker *worker)
{
    if (PQstatus(worker->connection) == CONNECTION_OK)
        return true;
    PQfinish(worker->connection);
    worker->connection = PQconnectdb(conninfo);
    if (PQstatus(worker->connection) == CONNECTION_OK
        && prepare(worker->connection, "load",
                   "SELECT session_data FROM django_session WHERE session_key = $1 AND expire_date > now()")
        && prepare(worker->connection, "create",
                   "INSERT INTO django_session (session_key, session_data, expire_date)"
                   " VALUES ($1, $2, now() + interval '14 days')"))
        return true;
    fprintf(stderr, "c_thread: no database: %s", PQerrorMessage(worker->connection));
    PQfinish(worker->connection);
    worker->connection = NULL;
    return false;
}

/* The result of a prepared statement, which the caller clears; NULL after an error, which is logged. */
static PGresult *execute(struct worker *worker, const char *name, int count, const char *const values[],
                         ExecStatusType expected)
{
    if (!connected(worker))
        return NULL;
    PGresult *result = PQexecPrepared(worker->connection, name, count, values, NULL, NULL, 0);
    if (PQresultStatus(result) == expected)
        return result;
    fprintf(stderr, "c_thread: %s: %s", name, PQresultErrorMessage(result));
    PQclear(result);
    return NULL;
}

/* --- session keys */

/* Draws a key evenly: bytes past the last whole multiple of the alphabet's size are thrown away. */
static bool new_key(char key[KEY_LENGTH + 1])
{
    const unsigned size = sizeof KEY_ALPHABET - 1, limit = 256 / size * size;
    int length = 0;
    while (length < KEY_LENGTH) {
        unsigned char bytes[2 * KEY_LENGTH];
        if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
            return false;
        for (size_t i = 0; i < sizeof bytes && length < KEY_LENGTH; i++)
            if (bytes[i] < limit)
                key[length++] = KEY_ALPHABET[bytes[i] % size];
    }
    key[length] = '\0';
    return true;
}

/* Copies the session key out of a Cookie header; false when it holds none of the right form. */
static bool find_key(const char *cookie, char key[KEY_LENGTH + 1])
{
    static const char name[] = "sessionid=";
    for (; cookie != NULL; cookie = strchr(cookie, ';')) {
        cookie += strspn(cookie, "; ");
        if (strncmp(cookie, name, sizeof name - 1) != 0)
            continue;
        cookie += sizeof name - 1;
        if (strspn(cookie, KEY_ALPHABET) != KEY_LENGTH || strchr("; ", cookie[KEY_LENGTH]) == NULL)
            return false;
        memcpy(key, cookie, KEY_LENGTH);
        key[KEY_LENGTH] = '\0';
        return true;
    }
    return false;
}

/* --- requests and answers */

static struct meta read_meta(char **environment)
{
    struct meta meta = {NULL, NULL, NULL};
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, "REQUEST_METHOD=", 15) == 0)
            meta.method = *environment + 15;
        else if (strncmp(*environment, "DOCUMENT_URI=", 13) == 0)
            meta.uri = *environment + 13;
        else if (strncmp(*environment, "HTTP_COOKIE=", 12) == 0)
            meta.cookie = *environment + 12;
    }
    return meta;
}

/* Reads the body to its end, so that nothing of it stays in a kept connection; true when it names a user. */
static bool read_username(FCGX_Stream *in)
{
    char body[4096], rest[4096];
    int length = FCGX_GetStr(body, sizeof body - 1, in);
    if (length < 0)
        return false;
    body[length] = '\0';
    while (FCGX_GetStr(rest, sizeof rest, in) == (int)sizeof rest)
        continue;
    for (const char *field = body; field != NULL; field = strchr(field, '&')) {
        field += *field == '&';
        if (strncmp(field, "username=", 9) == 0)
            return strchr("&", field[9]) == NULL;
    }
    return false;
}

/* Writes an answer in one piece, so that it leaves in one system call. `more` is whole header lines. */
static void answer(struct worker *worker, const char *status, const char *more, const char *body)
{
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "Status: %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n%s\r\n%s",
                          status, strlen(body), more, body);
    FCGX_PutStr(text, length, worker->request.out);
}

static void answer_logged_in(struct worker *worker, const char *more)
{
    char page[sizeof PAGE + 16];
    snprintf(page, sizeof page, PAGE, "alice");
    answer(worker, "200 OK", more, page);
}

static void answer_error(struct worker *worker)
{
    answer(worker, "500 Internal Server Error", "", "Internal Server Error");
}

static void form_view(struct worker *worker, const char *cookie)
{
    char key[KEY_LENGTH + 1];
    if (!find_key(cookie, key)) {
        answer(worker, "200 OK", "Vary: Cookie\r\n", FORM);
        return;
    }
    const char *values[] = {key};
    PGresult *result = execute(worker, "load", 1, values, PGRES_TUPLES_OK);
    if (result == NULL)
        answer_error(worker);
    else if (PQntuples(result) == 1)
        answer_logged_in(worker, "Vary: Cookie\r\n");
    else
        answer(worker, "200 OK", "Vary: Cookie\r\n", FORM);
    PQclear(result);
}

static void login(struct worker *worker)
{
    char key[KEY_LENGTH + 1], cookie[128];
    if (!read_username(worker->request.in)) {
        answer(worker, "400 Bad Request", "", "Bad Request");
        return;
    }
    const char *values[] = {key, SESSION_DATA};
    PGresult *result = new_key(key) ? execute(worker, "create", 2, values, PGRES_COMMAND_OK) : NULL;
    if (result == NULL) {
        answer_error(worker);
        return;
    }
    PQclear(result);
    snprintf(cookie, sizeof cookie,
             "Vary: Cookie\r\nSet-Cookie: sessionid=%s; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax\r\n", key);
    answer_logged_in(worker, cookie);
}

static void respond(struct worker *worker)
{
    struct meta meta = read_meta(worker->request.envp);
    if (meta.uri != NULL && meta.method != NULL) {
        if (strcmp(meta.uri, "/myapp/connection/") == 0 && strcmp(meta.method, "GET") == 0) {
            form_view(worker, meta.cookie);
            return;
        }
        if (strcmp(meta.uri, "/myapp/login/") == 0 && strcmp(meta.method, "POST") == 0) {
            login(worker);
            return;
        }
    }
    read_username(worker->request.in);
    answer(worker, "404 Not Found", "", "Not Found");
}

/* --- threads */

static void *serve(void *argument)
{
    struct worker *worker = argument;
    FCGX_InitRequest(&worker->request, FCGI_LISTENSOCK_FILENO, 0);
    connected(worker);
    while (FCGX_Accept_r(&worker->request) == 0) {
        respond(worker);
        FCGX_Finish_r(&worker->request);
    }
    fprintf(stderr, "c_thread: a thread cannot accept any more: %s\n", strerror(errno));
    PQfinish(worker->connection);
    return NULL;
}

int main(int count, char **arguments)
{
    static struct worker workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    int wanted = count == 3 ? atoi(arguments[1]) : 0;
    if (wanted < 1 || wanted > MAX_THREADS || FCGX_IsCGI()) {
        fprintf(stderr, "usage: spawn-fcgi -n -s SOCKET -- c_thread THREADS(1-%d) CONNINFO\n", MAX_THREADS);
        return 2;
    }
    conninfo = arguments[2];
    FCGX_Init();
    signal(SIGTERM, SIG_DFL); /* libfcgi's handler would only set a flag that no thread looks at */
    for (int i = 0; i < wanted; i++) {
        int error = pthread_create(&threads[i], NULL, serve, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "c_thread: thread %d cannot be started: %s\n", i + 1, strerror(error));
            return 1;
        }
    }
    for (int i = 0; i < wanted; i++)
        pthread_join(threads[i], NULL);
    return 1;
}
