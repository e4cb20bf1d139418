/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the guest: what a program's usual requests to the kernel cost. One line per case: "micro NAME NANOSECONDS". */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE       4096
#define MMAP_PAGES 64

static char *self;

static void do_syscall(void)
{
    syscall(SYS_getppid);
}

static void do_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
}

static void wait_for(pid_t child)
{
    if (child < 0 || waitpid(child, NULL, 0) < 0)
        exit(1);
}

static void do_fork(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    wait_for(child);
}

static void do_exec(void)
{
    pid_t child = fork();

    if (child == 0) {
        execl(self, self, "exit", NULL);
        _exit(1);
    }
    wait_for(child);
}

static void do_mmap(void)
{
    volatile char *area =
        mmap(NULL, MMAP_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED)
        exit(1);
    for (int i = 0; i < MMAP_PAGES; i++)
        area[i * PAGE] = 1;
    munmap((void *)area, MMAP_PAGES * PAGE);
}

static int ping[2], pong[2];

/* A byte to another process and back: two context switches. */
static void do_pipe(void)
{
    char byte = 0;

    if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1)
        exit(1);
}

static pid_t start_partner(void)
{
    pid_t child;

    if (pipe(ping) < 0 || pipe(pong) < 0 || (child = fork()) < 0)
        exit(1);
    if (child == 0) {
        char byte;

        close(ping[1]);
        while (read(ping[0], &byte, 1) == 1 && write(pong[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    return child;
}

static void do_locked(void)
{
    static atomic_uint counter;

    for (int i = 0; i < 100; i++)
        atomic_fetch_add(&counter, 1);
}

static void do_compute(void)
{
    static volatile uint64_t sink;
    uint64_t x = sink | 1;

    for (int i = 0; i < 1000; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    sink = x;
}

static const struct {
    const char *name;
    void (*work)(void);
    int rounds;
} cases[] = {
    { "compute-1000", do_compute, 20000 },
    { "locked-add-100", do_locked, 20000 },
    { "clock_gettime", do_clock, 200000 },
    { "syscall", do_syscall, 100000 },
    { "pipe-round-trip", do_pipe, 5000 },
    { "mmap-touch-64-pages", do_mmap, 500 },
    { "fork-exit-wait", do_fork, 300 },
    { "fork-exec-wait", do_exec, 150 },
};

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

/* The least of five: what other load on the machine adds is not the case's own. */
static double least_ns(void (*work)(void), int rounds)
{
    double least = 0;

    for (int turn = 0; turn < 5; turn++) {
        double start = now_ns(), took;

        for (int i = 0; i < rounds; i++)
            work();
        took = (now_ns() - start) / rounds;
        if (turn == 0 || took < least)
            least = took;
    }
    return least;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    self = argv[0];
    start_partner();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        printf("micro %s %.1f\n", cases[i].name, least_ns(cases[i].work, cases[i].rounds));
    close(ping[1]);
    return 0;
}
