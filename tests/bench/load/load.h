/* What the modes of the load tool share; the theory of operation stands in main.c. */

#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who compiles may say otherwise: the tests are in a hurry, a measurement is not. */
#ifndef WARM_SECONDS
#define WARM_SECONDS 0.7 /* of the load that is to be measured, before anything counts */
#endif
#ifndef SETTLE_SECONDS
#define SETTLE_SECONDS 1.5 /* after streams opened: by then all have been told who is there */
#endif
#define STUCK_SECONDS 15.0 /* without anything: the server, or this tool, waits for what does not come */

enum {
    READ_BYTES = 1 << 18,   /* of one recv, and of the longest answer */
    EVENTS = 512,           /* of one epoll_wait */
    MARK_BYTES = 64,        /* of the longest text that is looked for in a stream */
    HOLES = 8,              /* places of a request where its number stands */
};

/* A request as a file has it. Each "########" in it becomes the next number, in eight digits. */
typedef struct {
    char *text;
    size_t length;
    size_t holes[HOLES];
    int hole_count;
} Request;

/* A keep-alive connection that asks, and waits for the answer before it asks again. */
typedef struct {
    int fd;
    Request request;
    int64_t asked_at;
    char *answer;
    size_t length;
    bool waits;
} Asker;

/* The answer to one turn of listen_to(): which user data is ready. */
typedef void (*Ready)(void *data, void *context);

/* Waits in ns, which grow as they come. */
typedef struct {
    int64_t *values;
    size_t count, room;
} Waits;

/* What was before a measurement: the time, and the server's CPU in ns and in ticks of either kind. */
typedef struct {
    int64_t begun, cpu;
    long user, system;
} Meter;

/* What it took: the server's CPU, and the share of that which was the kernel's. */
typedef struct {
    double seconds, cpu_us, kernel;
} Spent;

/* kit.c */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *room_for(size_t count, size_t size);
int64_t now(void);
int64_t cpu_of(int pid);
double rss_kib(int pid);
int connected(void);
void watch(int fd, void *data);
bool turn(int timeout_ms, Ready ready, void *context);
void note_wait(Waits *waits, int64_t wait);
double percentile_ms(Waits *waits, double share);
Meter begin(int pid);
Spent end(const Meter *meter, int pid);
void tell(double count, const Spent *spent, Waits *waits);

/* asker.c */
Request request_of(const char *path);
void open_asker(Asker *asker, const char *path);
void ask(Asker *asker);
bool answered(Asker *asker);

/* The modes. */
int post(int count, char **words);
int call(int count, char **words);
int open_streams(int count, char **words);
int fan(int count, char **words);

extern int server_port;

#endif
