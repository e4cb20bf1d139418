/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the guest: what its disk and its nic give. One line per case: "micro NAME FIGURE", nanoseconds each, or KiB per
 * second where the name ends in -KiB. devices DISK HOST [CASE...]; the host's side is devices.py.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DISK_BYTES   (32 << 20) /* what of the disk is used */
#define BIG_BLOCK    (256 << 10)
#define SMALL_BLOCK  4096
#define NR_RANDOM    1500 /* by each thread */
#define NR_THREADS   4
#define NET_BYTES    (32 << 20)
#define NR_ROUNDS    400
#define NR_PACKETS   8000
#define PORT_SINK    8101 /* takes all it gets, and then says so */
#define PORT_SOURCE  8102
#define PORT_ECHO    8103 /* UDP */
#define PORT_DISCARD 8104 /* UDP */

static const char *disk, *host;

static void die(const char *what)
{
    printf("micro-failed %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void tell_each(const char *name, uint64_t took, unsigned int nr)
{
    printf("micro %s %.1f\n", name, (double)took / nr);
}

static void tell_rate(const char *name, uint64_t took, uint64_t bytes)
{
    printf("micro %s-KiB %.1f\n", name, (double)bytes / 1024 * 1e9 / (double)took);
}

/* ---- disk, without the guest's cache ---- */

static int disk_open(void)
{
    int fd = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);

    if (fd < 0)
        die(disk);
    return fd;
}

static void *buffer(size_t size)
{
    void *p;

    if (posix_memalign(&p, 4096, size))
        die("memory");
    memset(p, 1, size);
    return p;
}

static void disk_sequential(const char *name, ssize_t (*io)(int, void *, size_t, off_t))
{
    char *p = buffer(BIG_BLOCK);
    int fd = disk_open();
    uint64_t start = now_ns();

    for (off_t at = 0; at < DISK_BYTES; at += BIG_BLOCK)
        if (io(fd, p, BIG_BLOCK, at) != BIG_BLOCK)
            die(name);
    tell_rate(name, now_ns() - start, DISK_BYTES);
    close(fd);
    free(p);
}

static ssize_t write_at(int fd, void *p, size_t len, off_t at)
{
    return pwrite(fd, p, len, at);
}

static void *random_reads(void *arg)
{
    unsigned int seed = (unsigned int)(uintptr_t)arg;
    char *p = buffer(SMALL_BLOCK);
    int fd = disk_open();

    for (unsigned int i = 0; i < NR_RANDOM; i++)
        if (pread(fd, p, SMALL_BLOCK, (off_t)(rand_r(&seed) % (DISK_BYTES / SMALL_BLOCK)) * SMALL_BLOCK) != SMALL_BLOCK)
            die("random read");
    close(fd);
    free(p);
    return NULL;
}

static void disk_random(const char *name, unsigned int nr_threads)
{
    pthread_t threads[NR_THREADS];
    uint64_t start = now_ns();

    for (uintptr_t i = 0; i < nr_threads; i++)
        pthread_create(&threads[i], NULL, random_reads, (void *)(i + 1));
    for (unsigned int i = 0; i < nr_threads; i++)
        pthread_join(threads[i], NULL);
    tell_each(name, now_ns() - start, NR_RANDOM * nr_threads);
}

/* ---- network ---- */

static int peer(int type, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, host, &to.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("connect");
    return fd;
}

static void net_send(void)
{
    char *p = buffer(65536), done;
    int fd = peer(SOCK_STREAM, PORT_SINK);
    uint64_t start = now_ns();

    for (ssize_t left = NET_BYTES, n; left > 0; left -= n) {
        n = send(fd, p, 65536, 0);
        if (n < 0)
            die("send");
    }
    shutdown(fd, SHUT_WR);
    if (recv(fd, &done, 1, 0) != 1) /* it has all of it */
        die("send");
    tell_rate("net-tcp-send", now_ns() - start, NET_BYTES);
    close(fd);
    free(p);
}

static void net_receive(void)
{
    char *p = buffer(65536);
    int fd = peer(SOCK_STREAM, PORT_SOURCE);
    uint64_t start = now_ns(), got = 0;
    ssize_t n;

    while ((n = recv(fd, p, 65536, 0)) > 0)
        got += (uint64_t)n;
    if (got != NET_BYTES)
        die("receive");
    tell_rate("net-tcp-receive", now_ns() - start, got);
    close(fd);
    free(p);
}

static void net_round_trip(void)
{
    struct timeval limit = { .tv_sec = 1 };
    int fd = peer(SOCK_DGRAM, PORT_ECHO);
    char byte[18] = { 0 };
    uint64_t start = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    for (int i = -20; i < NR_ROUNDS; i++) { /* the first ones do not count: ARP, and so on */
        if (i == 0)
            start = now_ns();
        if (send(fd, byte, sizeof(byte), 0) < 0 || recv(fd, byte, sizeof(byte), 0) < 0)
            die("round trip");
    }
    tell_each("net-round-trip", now_ns() - start, NR_ROUNDS);
    close(fd);
}

/* Many more than the socket holds, so what is sent is what the nic has taken. */
static void net_packets(void)
{
    int fd = peer(SOCK_DGRAM, PORT_DISCARD);
    char packet[18] = { 0 };
    uint64_t start = now_ns();

    for (unsigned int i = 0; i < NR_PACKETS; i++)
        if (send(fd, packet, sizeof(packet), 0) < 0 && errno != ENOBUFS)
            die("packets");
    tell_each("net-packet-sent", now_ns() - start, NR_PACKETS);
    close(fd);
}

static void disk_write(void)
{
    disk_sequential("disk-write", write_at);
}

static void disk_read(void)
{
    disk_sequential("disk-read", pread);
}

static void disk_random_read(void)
{
    disk_random("disk-random-read", 1);
}

static void disk_random_read_4(void)
{
    disk_random("disk-random-read-4", NR_THREADS);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "disk-write", disk_write },
    { "disk-read", disk_read },
    { "disk-random-read", disk_random_read },
    { "disk-random-read-4", disk_random_read_4 },
    { "net-tcp-send", net_send },
    { "net-tcp-receive", net_receive },
    { "net-round-trip", net_round_trip },
    { "net-packet-sent", net_packets },
};

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    disk = argv[1];
    host = argv[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(cases[0]); i++)
        cases[i].run();
    for (int arg = 3; arg < argc; arg++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            if (strcmp(argv[arg], cases[i].name) == 0)
                cases[i].run();
    return 0;
}
