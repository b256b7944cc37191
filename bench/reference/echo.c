/* The least that a UDP reflector can be: what `make bench` holds `llama reflector` against.
 *
 *   echo PORT SECONDS
 *
 * Sends every datagram back to where it came from, 64 at a time, on one thread, and ends after SECONDS. It looks at nothing,
 * counts nothing, stamps nothing. Start it twice on one port for two workers: the kernel spreads the flows (SO_REUSEPORT). */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, SIZE = 2048, RECEIVE_BUFFER = 64 << 20 };

static char payload[BATCH][SIZE];
static struct sockaddr_in peer[BATCH];
static struct iovec vector[BATCH];
static struct mmsghdr message[BATCH];

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: echo PORT SECONDS\n");
        return 2;
    }

    struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
    alarm(atoi(argv[2]));

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int yes = 1, bytes = RECEIVE_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local)) {
        perror("echo");
        return 1;
    }

    for (int i = 0; i < BATCH; i++)
        message[i].msg_hdr = (struct msghdr){ .msg_name = &peer[i], .msg_iov = &vector[i], .msg_iovlen = 1 };

    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vector[i] = (struct iovec){ payload[i], SIZE };
            message[i].msg_hdr.msg_namelen = sizeof peer[i];
        }

        int count = recvmmsg(fd, message, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++)
            vector[i].iov_len = message[i].msg_len;

        /* A datagram that can't be sent is passed over, as the kernel's error says nothing of the rest. */
        for (int sent = 0; sent < count;) {
            int done = sendmmsg(fd, message + sent, count - sent, 0);
            sent += done > 0 ? done : 1;
        }
    }
}
