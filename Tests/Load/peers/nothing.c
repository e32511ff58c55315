/*
 * nothing: a FastCGI responder that answers every request with one constant page: what nginx and the protocol cost
 * when the program behind them does nothing. It is a ceiling for the others.
 *
 *     nothing SIZE     listens on standard input; an answer has SIZE bytes, header and page together
 *
 * Several processes may share the socket. Each has one thread and an epoll set. Records are read in whatever pieces
 * they come, and skipped but for their lengths and two questions: does a request begin that wants its connection kept,
 * and is its input at an end?
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The FastCGI specification, section 8. */
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, STDIN = 5, STDOUT = 6, KEEP_CONN = 1, HEADER_LENGTH = 8 };

enum { LISTENER = 0, MAX_SIZE = 32768, EVENTS = 64 };

static const char HEADER[] = "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n";
static const char PAGE[] = "<!doctype html><html><body><h1>Nothing</h1></body></html>\n";

struct connection {
    int descriptor;
    unsigned char header[HEADER_LENGTH];
    unsigned header_length; /* how much of the header has come */
    unsigned total, left;   /* content and padding of this record, and what of it is still to come */
    bool keep;
};

/* The answer's records: one STDOUT, its end, and END_REQUEST, whose body of zeros says: completed, status 0. */
static unsigned char answer[HEADER_LENGTH + MAX_SIZE + HEADER_LENGTH + HEADER_LENGTH + 8];
static size_t answer_length;
static unsigned char *record_headers[3];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* --- the answer */

static unsigned char *append_record(int number, unsigned char type, unsigned length)
{
    unsigned char *header = answer + answer_length;
    record_headers[number] = header;
    header[0] = 1; /* version */
    header[1] = type;
    header[4] = length >> 8;
    header[5] = length & 255;
    answer_length += HEADER_LENGTH + length;
    return header + HEADER_LENGTH;
}

/* Makes the answer of this size: header lines that say its length, the page, and blanks. */
static bool make_answer(unsigned size)
{
    char head[256];
    unsigned head_length = 0;
    for (int i = 0; i < 2; i++) /* twice, because the length of the length counts too */
        head_length = snprintf(head, sizeof head, "%sContent-Length: %u\r\n\r\n", HEADER, size - head_length);
    if (size < head_length + sizeof PAGE || size > MAX_SIZE)
        return false;
    unsigned char *content = append_record(0, STDOUT, size);
    memset(content, ' ', size);
    memcpy(content, head, head_length);
    memcpy(content + head_length, PAGE, sizeof PAGE - 1);
    append_record(1, STDOUT, 0);
    append_record(2, END_REQUEST, 8);
    return true;
}

/* Answers the request whose record was read last; false when the connection is to be closed. A socket's buffer holds
   many answers and nginx asks again only when it has read the last one, so that an answer always leaves whole. */
static bool respond(const struct connection *connection)
{
    for (int i = 0; i < 3; i++)
        memcpy(record_headers[i] + 2, connection->header + 2, 2); /* the request's number */
    ssize_t sent = send(connection->descriptor, answer, answer_length, MSG_NOSIGNAL);
    return sent == (ssize_t)answer_length && connection->keep;
}

/* --- records */

static unsigned least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Goes through what was read; false when the connection is to be closed. */
static bool take(struct connection *connection, const unsigned char *bytes, size_t length)
{
    const unsigned char *header = connection->header;
    while (length > 0) {
        unsigned step;
        if (connection->header_length < HEADER_LENGTH) {
            step = least(HEADER_LENGTH - connection->header_length, length);
            memcpy(connection->header + connection->header_length, bytes, step);
            connection->header_length += step;
            connection->total = connection->left = (header[4] << 8 | header[5]) + header[6];
        } else {
            unsigned position = connection->total - connection->left;
            step = least(connection->left, length);
            if (header[1] == BEGIN_REQUEST && position <= 2 && position + step > 2)
                connection->keep = bytes[2 - position] & KEEP_CONN;
            connection->left -= step;
        }
        bytes += step;
        length -= step;
        if (connection->header_length == HEADER_LENGTH && connection->left == 0) {
            connection->header_length = 0;
            bool is_end = header[1] == STDIN && header[4] == 0 && header[5] == 0;
            if (is_end && !respond(connection))
                return false;
        }
    }
    return true;
}

/* --- connections */

static void accept_one(int epoll)
{
    int descriptor = accept4(LISTENER, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return; /* another process was faster */
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (connection == NULL)
        fail("calloc");
    connection->descriptor = descriptor;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void serve(struct connection *connection)
{
    static unsigned char bytes[65536];
    ssize_t count = recv(connection->descriptor, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0 || !take(connection, bytes, count)) {
        close(connection->descriptor);
        free(connection);
    }
}

int main(int count, char **arguments)
{
    if (count != 2 || !make_answer(strtoul(arguments[1], NULL, 10))) {
        fprintf(stderr, "usage: nothing SIZE(200-%d), with a listening socket as standard input\n", MAX_SIZE);
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    if (epoll < 0 || fcntl(LISTENER, F_SETFL, O_NONBLOCK) != 0
        || epoll_ctl(epoll, EPOLL_CTL_ADD, LISTENER, &listening) != 0)
        fail("standard input");
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL)
                accept_one(epoll);
            else
                serve(events[i].data.ptr);
        }
    }
}
