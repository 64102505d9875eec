/* Time, CPU, memory, sockets and waits. Whatever goes wrong ends the process: half a measurement is none. */

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int server_port;
static int poller = -1;

void die(const char *format, ...) {
    va_list words;
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fputc('\n', stderr);
    exit(1);
}

void *room_for(size_t count, size_t size) {
    void *room = calloc(count ? count : 1, size);
    if (room == NULL) die("no memory");
    return room;
}

int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* The CPU ns of all threads of a process, from schedstat, which counts what stat only samples. */
int64_t cpu_of(int pid) {
    char path[300];
    int64_t total = 0, ns;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) die("there is no process %d", pid);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL) continue; /* the thread has just ended */
        if (fscanf(file, "%ld", &ns) == 1) total += ns;
        fclose(file);
    }
    closedir(tasks);
    return total;
}

double rss_kib(int pid) {
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) die("there is no process %d", pid);
    while (fgets(line, sizeof line, file) && sscanf(line, "VmRSS: %lf", &kib) != 1) {
    }
    fclose(file);
    return kib;
}

/* A connection to the server. The kernel accepts for it, so that this waits for no application. */
int connected(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        die("cannot connect to port %d: %s", server_port, strerror(errno));
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

void watch(int fd, void *data) {
    if (poller < 0) poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll: %s", strerror(errno));
}

/* Tells ready() of all that can be read; false where nothing could. */
bool turn(int timeout_ms, Ready ready, void *context) {
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(poller, events, EVENTS, timeout_ms);
    for (int at = 0; at < count; at++) ready(events[at].data.ptr, context);
    return count > 0;
}

void note_wait(Waits *waits, int64_t wait) {
    if (waits->count == waits->room) {
        waits->room = waits->room ? 2 * waits->room : 1 << 16;
        waits->values = realloc(waits->values, waits->room * sizeof *waits->values);
        if (waits->values == NULL) die("no memory");
    }
    waits->values[waits->count++] = wait;
}

static int by_value(const void *one, const void *other) {
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

double percentile_ms(Waits *waits, double share) {
    if (waits->count == 0) return 0;
    qsort(waits->values, waits->count, sizeof *waits->values, by_value);
    return waits->values[(size_t)(share * (waits->count - 1))] / 1e6;
}

/* The kernel divides the exact CPU time as its ticks found the process: right in the long run. */
static void ticks_of(int pid, long *user, long *system) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) die("there is no process %d", pid);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *after_name = strrchr(text, ')'); /* the name may hold anything, but nothing after it does */
    if (after_name == NULL || sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
                                     user, system) != 2) die("cannot read %s", path);
}

/* A server under sampler.py counts its ticks between these two signals. */
static void signal_sampler(int pid, int number) {
    if (getenv("LOAD_SIGNALS") != NULL) kill(pid, number);
}

Meter begin(int pid) {
    Meter meter;
    signal_sampler(pid, SIGUSR1);
    ticks_of(pid, &meter.user, &meter.system);
    meter.cpu = cpu_of(pid);
    meter.begun = now();
    return meter;
}

Spent end(const Meter *meter, int pid) {
    long user, system;
    Spent spent = {.seconds = (now() - meter->begun) / 1e9, .cpu_us = (cpu_of(pid) - meter->cpu) / 1e3};
    ticks_of(pid, &user, &system);
    signal_sampler(pid, SIGUSR2);
    user -= meter->user;
    system -= meter->system;
    spent.kernel = user + system > 0 ? (double)system / (user + system) : 0;
    return spent;
}

/* Begins the line of JSON with what every mode tells; the mode ends it. */
void tell(double count, const Spent *spent, Waits *waits) {
    printf("{\"a_second\": %.3f, \"cpu_us\": %.3f, \"kernel\": %.4f, ", count / spent->seconds,
           spent->cpu_us / count, spent->kernel);
    printf("\"p50_ms\": %.4f, \"p99_ms\": %.4f", percentile_ms(waits, 0.5), percentile_ms(waits, 0.99));
}
