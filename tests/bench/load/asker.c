/* Requests with a number in them, and the least of HTTP/1.1 that finds where an answer ends. */

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static const char HOLE[] = "########";
static const size_t HOLE_BYTES = sizeof HOLE - 1;

Request request_of(const char *path) {
    Request request = {.text = room_for(READ_BYTES, 1)};
    FILE *file = fopen(path, "rb");
    if (file == NULL) die("%s: %s", path, strerror(errno));
    request.length = fread(request.text, 1, READ_BYTES, file);
    fclose(file);
    if (request.length == READ_BYTES) die("%s is too long for a request", path);
    char *at = request.text, *end = request.text + request.length;
    while ((at = memmem(at, end - at, HOLE, HOLE_BYTES)) != NULL) {
        if (request.hole_count == HOLES) die("%s has too many numbers", path);
        request.holes[request.hole_count++] = at - request.text;
        at += HOLE_BYTES;
    }
    return request;
}

/* Numbers are never the same twice: a server that sees that nothing changes would do less. */
static void number(Request *request) {
    static unsigned last;
    char digits[16];
    snprintf(digits, sizeof digits, "%08u", ++last % 100000000);
    for (int hole = 0; hole < request->hole_count; hole++) {
        memcpy(request->text + request->holes[hole], digits, HOLE_BYTES);
    }
}

void open_asker(Asker *asker, const char *path) {
    *asker = (Asker){.fd = connected(), .request = request_of(path), .answer = room_for(READ_BYTES, 1)};
    watch(asker->fd, asker);
}

static void reopen(Asker *asker) {
    close(asker->fd);
    asker->fd = connected();
    watch(asker->fd, asker);
}

static void transmit(Asker *asker) {
    const char *rest = asker->request.text;
    size_t left = asker->request.length;
    while (left > 0) {
        ssize_t sent = send(asker->fd, rest, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = asker->fd, .events = POLLOUT};
            poll(&writable, 1, 1000);
        } else if (sent < 0) {
            return; /* it is closed, which the reading side finds out */
        } else {
            rest += sent;
            left -= sent;
        }
    }
}

void ask(Asker *asker) {
    number(&asker->request);
    asker->length = 0;
    asker->waits = true;
    asker->asked_at = now();
    transmit(asker);
}

/* The value of a header within a head, or NULL. */
static const char *header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line < end;) {
        line = memmem(line, end - line, "\r\n", 2);
        if (line == NULL) return NULL;
        line += 2;
        if ((size_t)(end - line) > length && !strncasecmp(line, name, length) && line[length] == ':') {
            for (line += length + 1; *line == ' '; line++) {
            }
            return line;
        }
    }
    return NULL;
}

/* Where a chunked body ends, or NULL while it has not. */
static const char *chunks_end(const char *at, const char *end) {
    for (;;) {
        const char *line = memmem(at, end - at, "\r\n", 2);
        if (line == NULL) return NULL;
        long size = strtol(at, NULL, 16);
        at = line + 2 + size + 2;
        if (at > end) return NULL;
        if (size == 0) return at;
    }
}

/* Reads what there is; true when the answer is whole. One that is no 2xx ends the process. */
bool answered(Asker *asker) {
    ssize_t read = recv(asker->fd, asker->answer + asker->length, READ_BYTES - 1 - asker->length, 0);
    if (read < 0 && errno == EAGAIN) return false;
    if (read <= 0) { /* servers end a connection that is idle, or was asked often enough */
        if (asker->length) die("the server closed a connection within an answer");
        reopen(asker);
        if (asker->waits) transmit(asker);
        return false;
    }
    asker->length += read;
    asker->answer[asker->length] = 0;
    char *end = memmem(asker->answer, asker->length, "\r\n\r\n", 4), *all = asker->answer + asker->length;
    if (end == NULL) return false;
    const char *length = header(asker->answer, end, "content-length");
    if (length != NULL ? all < end + 4 + atol(length) : chunks_end(end + 4, all) == NULL) return false;
    if (asker->answer[9] != '2') die("refused: %.400s", asker->answer);
    const char *goes_on = header(asker->answer, end, "connection");
    asker->waits = false;
    if (goes_on != NULL && !strncasecmp(goes_on, "close", 5)) reopen(asker);
    return true;
}
