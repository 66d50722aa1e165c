/* The twin of streams.lua: prints every connection that libnids follows to its end, in hexadecimal.
   Usage: streams CAPTURE (microseconds, Ethernet) [PORT]... */
#include <nids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

static int ports[64], nports;

static int wanted(int port) {
    for (int i = 0; i < nports; i++)
        if (ports[i] == port)
            return 1;
    return nports == 0;
}

static void hex(const char *name, struct half_stream *h) {
    printf("%s %d ", name, h->count);
    for (int i = 0; i < h->count - h->offset; i++)
        printf("%02x", (unsigned char)h->data[i]);
    putchar('\n');
}

static void end(struct tcp_stream *s, const char *state) {
    struct in_addr a = {s->addr.saddr}, b = {s->addr.daddr};
    printf("%s:%d ", inet_ntoa(a), s->addr.source);
    printf("%s:%d %s\n", inet_ntoa(b), s->addr.dest, state);
    hex("server", &s->server);
    hex("client", &s->client);
}

static void tcp(struct tcp_stream *s, void **unused) {
    (void)unused;
    switch (s->nids_state) {
    case NIDS_JUST_EST:
        if (wanted(s->addr.dest))
            s->client.collect = s->server.collect = 1;
        break;
    case NIDS_DATA:
        nids_discard(s, 0);
        break;
    case NIDS_CLOSE:
        end(s, "CLOSE");
        break;
    case NIDS_RESET:
        end(s, "RESET");
        break;
    case NIDS_TIMED_OUT:
        end(s, "TIMED_OUT");
        break;
    case NIDS_EXITING:
        end(s, "EXITING");
        break;
    }
}

int main(int argc, char **argv) {
    struct nids_chksum_ctl all = {0, 0, NIDS_DONT_CHKSUM, 0};
    for (int i = 2; i < argc && nports < 64; i++)
        ports[nports++] = atoi(argv[i]);
    nids_params.filename = argv[1];
    nids_params.scan_num_hosts = 0;
    nids_params.n_tcp_streams = 65536;
    if (!nids_init()) {
        fprintf(stderr, "%s\n", nids_errbuf);
        return 1;
    }
    nids_register_chksum_ctl(&all, 1);
    nids_register_tcp(tcp);
    nids_run();
    return 0;
}
