/* Modes `post` and `call`: connections that ask as soon as they are answered. */

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* One caller of `call` has a stream besides, on which the answer proper comes. */
typedef struct {
    Asker asker;
    int stream;
    size_t tail; /* bytes of the mark that the stream has ended with */
    bool posted, told;
} Caller;

typedef struct {
    Waits waits;
    int64_t last; /* when anything was answered */
    const char *mark;
} Round;

static void done(Round *round, Asker *asker) {
    round->last = now();
    note_wait(&round->waits, round->last - asker->asked_at);
    ask(asker);
}

static void post_ready(void *data, void *context) {
    if (answered(data)) done(context, data);
}

static void answers_for(double seconds, Round *round, Ready ready) {
    int64_t end = now() + seconds * 1e9;
    round->last = now();
    while (now() < end) {
        turn(50, ready, round);
        if ((now() - round->last) / 1e9 > STUCK_SECONDS) die("no answer for %.0f s", STUCK_SECONDS);
    }
}

/* Runs for the time to warm up and then for so long, and prints what the second time gave. */
static int measured(Round *round, double seconds, int pid, Ready ready) {
    answers_for(WARM_SECONDS, round, ready);
    round->waits.count = 0;
    Meter meter = begin(pid);
    answers_for(seconds, round, ready);
    Spent spent = end(&meter, pid);
    if (round->waits.count == 0) die("nothing was answered");
    tell(round->waits.count, &spent, &round->waits);
    printf("}\n");
    return 0;
}

/* post CONNECTIONS SECONDS PID REQUEST...: the n-th connection has the n-th request, from the first again. */
int post(int count, char **words) {
    if (count < 4) die("post CONNECTIONS SECONDS PID REQUEST...");
    int connections = atoi(words[0]);
    Asker *askers = room_for(connections, sizeof *askers);
    for (int at = 0; at < connections; at++) open_asker(&askers[at], words[3 + at % (count - 3)]);
    for (int at = 0; at < connections; at++) ask(&askers[at]);
    Round round = {0};
    return measured(&round, atof(words[1]), atoi(words[2]), post_ready);
}

/* Counts whole marks in what a stream holds now; the server writes an event as a whole, so none is cut. */
static bool told(Caller *caller, const char *mark) {
    static char text[READ_BYTES];
    size_t kept = caller->tail;
    memcpy(text, mark, kept);
    ssize_t read = recv(caller->stream, text + kept, sizeof text - kept, 0);
    if (read < 0 && errno == EAGAIN) return false;
    if (read <= 0) die("a stream ended");
    size_t length = kept + read, mark_length = strlen(mark);
    caller->tail = 0;
    if (memmem(text, length, mark, mark_length) != NULL) return true;
    for (size_t tail = mark_length - 1; tail > 0; tail--) {
        if (tail <= length && !memcmp(text + length - tail, mark, tail)) {
            caller->tail = tail;
            break;
        }
    }
    return false;
}

/* Both sides of a caller are watched by one pointer: whichever is not ready says so at once. */
static void call_ready(void *data, void *context) {
    Caller *caller = data;
    Round *round = context;
    if (caller->asker.waits && answered(&caller->asker)) caller->posted = true;
    if (!caller->told) caller->told = told(caller, round->mark);
    if (caller->posted && caller->told) {
        caller->posted = caller->told = false;
        done(round, &caller->asker);
    }
}

/* call SECONDS PID MARK (FD REQUEST)...: each asks by a POST and is answered on the stream FD, by the mark. */
int call(int count, char **words) {
    if (count < 5 || count % 2 == 0) die("call SECONDS PID MARK (FD REQUEST)...");
    int callers = (count - 3) / 2;
    Caller *all = room_for(callers, sizeof *all);
    Round round = {.mark = words[2]};
    for (int at = 0; at < callers; at++) {
        open_asker(&all[at].asker, words[4 + 2 * at]);
        all[at].stream = atoi(words[3 + 2 * at]);
        watch(all[at].stream, &all[at]);
    }
    for (int at = 0; at < callers; at++) ask(&all[at].asker);
    return measured(&round, atof(words[0]), atoi(words[1]), call_ready);
}
