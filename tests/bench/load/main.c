/* A load tool for HTTP servers on this machine: `load MODE PORT ...`, and one line of JSON on stdout.
 *
 * Theory of operation. A Python client is slower than the servers that are to be measured, so what
 * they carry is made here: one process, one thread, one epoll, level-triggered, sockets that never
 * block once they are connected. Four modes, each a function of its own:
 *
 *   post  keep-alive connections; each asks as soon as it is answered
 *   call  the same, where the answer proper comes on a stream that the caller opened (HTTP+SSE of MCP)
 *   open  many streams, so many at once; how many a second, and the server's memory for each
 *   fan   viewers that count what is delivered. One sender waits until all have it; more go on
 *
 * Requests come from files, so that Python writes them, with "########" where a number goes. Streams
 * are not parsed: a frame is known by a text (a mark) that it alone has, also where it is cut between
 * two reads. Only an answer to a POST is read as HTTP, as far as to find its end.
 *
 * After a time to warm up, a Meter takes the time and the CPU of the server (by schedstat, all of its
 * threads). CPU is told for each operation: rates depend on what else the machine does, that hardly.
 * The client ends with status 1 and a sentence on stderr when anything is not as it should be: a
 * refusal, a stream that ends, nothing for 15 s. No number is better than a wrong one.
 */

#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int count, char **words);
} MODES[] = {{"post", post}, {"call", call}, {"open", open_streams}, {"fan", fan}};

int main(int count, char **words) {
    for (size_t at = 0; count > 2 && at < sizeof MODES / sizeof *MODES; at++) {
        if (!strcmp(words[1], MODES[at].name)) {
            server_port = atoi(words[2]);
            return MODES[at].run(count - 3, words + 3);
        }
    }
    die("load MODE PORT ..., where MODE is post, call, open or fan");
}
