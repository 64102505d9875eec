/* Modes `open` and `fan`: many viewers of one stream, and who sends to them all. */

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
    int fd;
    bool open;
    int64_t asked_at;
    long seen;               /* events */
    char tail[MARK_BYTES];   /* of what came before: the first part of a mark, perhaps */
    size_t tail_length;
} Viewer;

static struct {
    Viewer *viewers;
    int count, begun, open, at_once;
    Request get;
    const char *hello, *event; /* texts that the first and each later frame have */
    Waits waits;
    bool counts;
    long deliveries, have, sent; /* of the event that was sent last, `have` viewers have it */
    int64_t sent_at, last;
    Asker *senders;
    int sender_count;
    bool one_by_one, free;
} all;

static void open_next(void) {
    Viewer *viewer = &all.viewers[all.begun++];
    viewer->fd = connected();
    viewer->asked_at = now();
    if (send(viewer->fd, all.get.text, all.get.length, MSG_NOSIGNAL) != (ssize_t)all.get.length) {
        die("a viewer could not ask");
    }
    watch(viewer->fd, viewer);
}

/* How often a mark stands in a text; what follows the last one is left in *rest. */
static long marks(const char *text, const char *end, const char *mark, const char **rest) {
    long count = 0;
    size_t length = strlen(mark);
    for (const char *found; (found = memmem(text, end - text, mark, length)) != NULL; count++) {
        text = found + length;
    }
    *rest = text;
    return count;
}

static void opened(Viewer *viewer, const char *text, const char *end) {
    const char *rest;
    if (end - text > 12 && !memcmp(text, "HTTP/1.1 ", 9) && text[9] != '2') die("no stream: %.300s", text);
    if (!marks(text, end, all.hello, &rest)) return;
    viewer->open = true;
    all.open++;
    note_wait(&all.waits, now() - viewer->asked_at);
    if (all.begun < all.count) open_next();
}

static void delivered(Viewer *viewer, long count) {
    int64_t at = now();
    all.deliveries += count;
    viewer->seen += count;
    if (all.one_by_one && count && viewer->seen == all.sent) {
        note_wait(&all.waits, at - all.sent_at);
        all.have++;
    }
}

static void viewer_ready(Viewer *viewer) {
    static char text[MARK_BYTES + READ_BYTES + 1];
    size_t kept = viewer->tail_length;
    memcpy(text, viewer->tail, kept);
    ssize_t read = recv(viewer->fd, text + kept, READ_BYTES, 0);
    if (read < 0 && errno == EAGAIN) return;
    if (read <= 0) die("a stream ended");
    const char *end = text + kept + read, *rest = text;
    text[kept + read] = 0;
    all.last = now();
    bool was_open = viewer->open;
    if (!was_open) opened(viewer, text, end);
    if (was_open && all.counts) delivered(viewer, marks(text, end, all.event, &rest));
    size_t most = strlen(was_open ? all.event : all.hello) - 1, left = end - rest;
    viewer->tail_length = left < most ? left : most;
    memcpy(viewer->tail, end - viewer->tail_length, viewer->tail_length);
}

static void stream_ready(void *data, void *context) {
    (void)context;
    Asker *asker = data;
    if (asker < all.senders || asker >= all.senders + all.sender_count) {
        viewer_ready(data);
    } else if (answered(asker)) {
        all.last = now();
        if (all.one_by_one) {
            all.free = true;
        } else {
            ask(asker);
        }
    }
}

static void turns(double seconds) {
    for (int64_t end = now() + seconds * 1e9; now() < end;) turn(50, stream_ready, NULL);
}

/* Opens viewers until there are so many. */
static void open_until(int count) {
    all.count = count;
    while (all.begun < count && all.begun - all.open < all.at_once) open_next();
    while (all.open < count) {
        if (!turn(STUCK_SECONDS * 1000, stream_ready, NULL)) die("only %d streams opened", all.open);
    }
}

static void prepare(int count, int at_once, const char *hello, const char *event, const char *get) {
    if (strlen(hello) > MARK_BYTES || strlen(event) > MARK_BYTES) die("a mark is too long");
    all.viewers = room_for(count, sizeof *all.viewers);
    all.at_once = at_once;
    all.hello = hello;
    all.event = event;
    all.get = request_of(get);
}

/* open FIRST COUNT AT_ONCE PID HELLO GET: memory is what the viewers after the FIRST cost, each. */
int open_streams(int count, char **words) {
    if (count != 6) die("open FIRST COUNT AT_ONCE PID HELLO GET");
    int first = atoi(words[0]), most = atoi(words[1]), pid = atoi(words[3]);
    prepare(most, atoi(words[2]), words[4], words[4], words[5]);
    if (first) {
        open_until(first);
        turns(SETTLE_SECONDS);
    }
    all.waits.count = 0;
    double before = rss_kib(pid);
    Meter meter = begin(pid);
    open_until(most);
    Spent spent = end(&meter, pid);
    turns(SETTLE_SECONDS);
    tell(most - first, &spent, &all.waits);
    printf(", \"kib\": %.3f}\n", (rss_kib(pid) - before) / (most - first));
    return 0;
}

/* Sends the next event when every viewer has the last one, and the sender its answer. */
static void one_more(void) {
    if (!all.free || all.have < all.count) return;
    all.free = false;
    all.have = 0;
    all.sent++;
    all.sent_at = now();
    ask(&all.senders[0]);
}

static void send_for(double seconds) {
    int64_t end = now() + seconds * 1e9;
    all.last = now();
    while (now() < end) {
        if (all.one_by_one) one_more();
        turn(50, stream_ready, NULL);
        if ((now() - all.last) / 1e9 > STUCK_SECONDS) die("%ld of %d have the event", all.have, all.count);
    }
}

/* fan VIEWERS SENDERS SECONDS PID HELLO EVENT GET POST...: one sender waits for all viewers, many do not. */
int fan(int count, char **words) {
    if (count < 8) die("fan VIEWERS SENDERS SECONDS PID HELLO EVENT GET POST...");
    int viewers = atoi(words[0]), pid = atoi(words[3]);
    double seconds = atof(words[2]);
    prepare(viewers, 64, words[4], words[5], words[6]);
    open_until(viewers);
    turns(SETTLE_SECONDS);
    int senders = atoi(words[1]);
    all.senders = room_for(senders, sizeof *all.senders);
    all.sender_count = senders;
    for (int at = 0; at < senders; at++) open_asker(&all.senders[at], words[7 + at % (count - 7)]);
    all.counts = all.free = true;
    all.one_by_one = senders == 1;
    all.have = viewers;
    for (int at = 0; at < senders && !all.one_by_one; at++) ask(&all.senders[at]);
    send_for(WARM_SECONDS);
    all.waits.count = all.deliveries = 0;
    Meter meter = begin(pid);
    send_for(seconds);
    Spent spent = end(&meter, pid);
    if (all.deliveries == 0) die("nothing was delivered");
    tell(all.deliveries, &spent, &all.waits);
    printf("}\n");
    return 0;
}
