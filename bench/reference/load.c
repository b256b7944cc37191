/* Round trips of UDP datagrams, as many as a reflector gives back: the load of `make bench`.
 *
 *   load ADDRESS PORT FLOWS WINDOW SIZE WARMUP SECONDS [RATE]
 *
 * FLOWS sockets, each with at most WINDOW datagrams of SIZE octets on their way, from one thread that never sleeps. With RATE the
 * datagrams are paced to so many a second over all flows. After WARMUP seconds it writes "begin" and counts; after SECONDS more it
 * writes "end" with what it counted. The datagrams are those of docs/protocol.md, as our collector writes them: each with a
 * signature and a sequence of its own, each flow with its own session. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64, MAX_SIZE = 9216, MAX_FLOWS = 256, RECEIVE_BUFFER = 16 << 20,
    /* Of the datagram, only the head is looked at when it comes back. */
    HEAD = 12,
    SLOT = 2, NONCE = 6, EXTENSION = 27, SEQUENCE = EXTENSION + 4, SESSION = EXTENSION + 8, PADDING = 79,
};

struct flow {
    int fd, in_flight;
    uint32_t sequence;
    uint64_t session;
    double heard;
};

static const double GIVEN_UP = 0.1; /* seconds without a reply after which what is on its way counts as lost */

static unsigned char out[BATCH][MAX_SIZE], in[BATCH][HEAD], nonce[6];
static struct iovec out_vector[BATCH], in_vector[BATCH];
static struct mmsghdr out_message[BATCH], in_message[BATCH];
static struct flow flows[MAX_FLOWS];
static uint32_t slot;
static uint64_t sent, received, lost, strange;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Everything that is the same in all datagrams. */
static void lay_out(unsigned char *datagram, int size)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    uint64_t nanos = time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
    memset(datagram, 0, size);
    memcpy(datagram, "\x0A\x0A", 2);
    memcpy(datagram + NONCE, nonce, sizeof nonce);
    memcpy(datagram + 12, "\x12\x01\x00\x18", 4);
    for (int i = 0; i < 9; i++, nanos >>= 7)
        datagram[16 + i] = (nanos & 0x7F) | (i < 8 ? 0x80 : 0);
    memcpy(datagram + 25, "\x7A\x34\x01", 3);
    datagram[PADDING] = 0x3A;
    int rest = size - PADDING - 2;
    if (rest < 0x80) {
        datagram[PADDING + 1] = rest;
    } else {
        datagram[PADDING + 1] = ((rest - 1) & 0x7F) | 0x80;
        datagram[PADDING + 2] = (rest - 1) >> 7;
    }
}

static void transmit(struct flow *flow, int count)
{
    uint64_t session = htobe64(flow->session);
    for (int i = 0; i < count; i++) {
        uint32_t number = htobe32(slot++), sequence = htobe32(flow->sequence++);
        memcpy(out[i] + SLOT, &number, sizeof number);
        memcpy(out[i] + SEQUENCE, &sequence, sizeof sequence);
        memcpy(out[i] + SESSION, &session, sizeof session);
    }

    int done = sendmmsg(flow->fd, out_message, count, MSG_DONTWAIT);
    if (done > 0) {
        sent += done;
        flow->in_flight += done;
    }
}

static int receive(struct flow *flow, double time)
{
    int count = recvmmsg(flow->fd, in_message, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) {
        if (flow->in_flight > 0 && time - flow->heard > GIVEN_UP) {
            lost += flow->in_flight;
            flow->in_flight = 0;
            flow->heard = time;
        }

        return 0;
    }

    flow->heard = time;
    for (int i = 0; i < count; i++) {
        if (in_message[i].msg_len == HEAD && memcmp(in[i] + NONCE, nonce, sizeof nonce) == 0) received++;
        else strange++;
    }

    flow->in_flight = flow->in_flight > count ? flow->in_flight - count : 0;
    return count;
}

/* Runs until a moment on the clock. */
static void run(int flow_count, int window, double rate, double until)
{
    static double due;
    double time = now();
    if (due == 0) due = time;
    for (int i = 0; time < until; i = (i + 1) % flow_count) {
        struct flow *flow = &flows[i];
        while (receive(flow, time) == BATCH) continue;

        int room = window - flow->in_flight;
        if (rate > 0) {
            int owed = (int)((time - due) * rate);
            if (owed < room) room = owed;
            if (room > BATCH) room = BATCH;
            if (room > 0) due += room / rate;
        } else if (room > BATCH) {
            room = BATCH;
        }

        if (room > 0) transmit(flow, room);
        time = now();
    }
}

int main(int argc, char **argv)
{
    if (argc != 8 && argc != 9) {
        fprintf(stderr, "usage: load ADDRESS PORT FLOWS WINDOW SIZE WARMUP SECONDS [RATE]\n");
        return 2;
    }

    struct sockaddr_in remote = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[2])) };
    int flow_count = atoi(argv[3]), window = atoi(argv[4]), size = atoi(argv[5]);
    double warmup = atof(argv[6]), seconds = atof(argv[7]), rate = argc > 8 ? atof(argv[8]) : 0;
    if (!inet_aton(argv[1], &remote.sin_addr) || flow_count < 1 || flow_count > MAX_FLOWS || window < 1 || size < 84 || size > MAX_SIZE) {
        fprintf(stderr, "load: FLOWS is 1 to %d, WINDOW 1 or more, SIZE 84 to %d\n", MAX_FLOWS, MAX_SIZE);
        return 2;
    }

    alarm(warmup + seconds + 5);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce) return 1;
    for (int i = 0; i < BATCH; i++) {
        lay_out(out[i], size);
        out_vector[i] = (struct iovec){ out[i], size };
        in_vector[i] = (struct iovec){ in[i], HEAD };
        out_message[i].msg_hdr = (struct msghdr){ .msg_iov = &out_vector[i], .msg_iovlen = 1 };
        in_message[i].msg_hdr = (struct msghdr){ .msg_iov = &in_vector[i], .msg_iovlen = 1 };
    }

    for (int i = 0; i < flow_count; i++) {
        int bytes = RECEIVE_BUFFER;
        flows[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (setsockopt(flows[i].fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
            setsockopt(flows[i].fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (connect(flows[i].fd, (struct sockaddr *)&remote, sizeof remote) || getrandom(&flows[i].session, 8, 0) != 8) {
            perror("load");
            return 1;
        }
    }

    double start = now();
    run(flow_count, window, rate, start + warmup);
    uint64_t sent_before = sent, received_before = received, lost_before = lost;
    printf("begin\n");
    double begin = now();
    run(flow_count, window, rate, begin + seconds);
    double end = now();
    printf("end sent=%" PRIu64 " received=%" PRIu64 " lost=%" PRIu64 " strange=%" PRIu64 " seconds=%.6f\n",
        sent - sent_before, received - received_before, lost - lost_before, strange, end - begin);
    return 0;
}
