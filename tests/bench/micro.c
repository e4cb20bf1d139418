/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the guest: what a program's usual requests to the kernel cost. One line per case: "micro NAME NANOSECONDS". */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
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
#include <x86intrin.h>

#define PAGE       4096
#define MMAP_PAGES 64
#define COW_PAGES  256

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

static void *map_pages(int n)
{
    void *area = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED)
        exit(1);
    return area;
}

static void touch(volatile char *area, int pages)
{
    for (int i = 0; i < pages; i++)
        area[i * PAGE]++;
}

static void do_mmap_one(void)
{
    void *area = map_pages(1);

    touch(area, 1);
    munmap(area, PAGE);
}

static void do_mmap_many(void)
{
    void *area = map_pages(COW_PAGES);

    touch(area, COW_PAGES);
    munmap(area, COW_PAGES * PAGE);
}

static void do_mprotect(void)
{
    static void *page;

    if (!page) {
        page = map_pages(1);
        touch(page, 1);
    }
    mprotect(page, PAGE, PROT_READ);
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

/* The child writes to every page that it shares with its parent. */
static void do_cow(void)
{
    static void *area;
    pid_t child;

    if (!area) {
        area = map_pages(COW_PAGES);
        touch(area, COW_PAGES);
    }
    child = fork();
    if (child == 0) {
        touch(area, COW_PAGES);
        _exit(0);
    }
    wait_for(child);
}

static void do_read_zero(void)
{
    static int fd = -1;
    char byte;

    if (fd < 0)
        fd = open("/dev/zero", O_RDONLY);
    if (read(fd, &byte, 1) != 1)
        exit(1);
}

static void do_open_proc(void)
{
    int fd = open("/proc/self/status", O_RDONLY);

    if (fd < 0)
        exit(1);
    close(fd);
}

static void do_yield(void)
{
    sched_yield();
}

static void on_signal(int number)
{
}

static void do_signal(void)
{
    static int ready;

    if (!ready) {
        signal(SIGUSR1, on_signal);
        ready = 1;
    }
    raise(SIGUSR1);
}

static volatile char *guarded;

static void on_segv(int number)
{
    mprotect((void *)guarded, PAGE, PROT_READ | PROT_WRITE);
}

static void do_segv(void)
{
    if (!guarded) {
        guarded = map_pages(1);
        signal(SIGSEGV, on_segv);
    }
    mprotect((void *)guarded, PAGE, PROT_NONE);
    *guarded = 1;
}

static void do_sleep(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1 }, NULL);
}

static void do_rdtsc(void)
{
    __rdtsc();
}

static void do_cpuid(void)
{
    unsigned int a, b, c, d;

    __cpuid(1, a, b, c, d);
}

static int ping[2], pong[2];

/* A byte to another process and back: two context switches. */
static void do_pipe(void)
{
    char byte = 0;

    if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1)
        exit(1);
}

/* The same with vector registers in use on this side. */
static void do_pipe_fpu(void)
{
    static volatile double sink = 1;

    do_pipe();
    sink = sink * 1.0000001 + 0.5;
}

static void *echo(void *arg)
{
    volatile double work = 1;
    char byte;

    while (read(ping[0], &byte, 1) == 1 && write(pong[1], &byte, 1) == 1)
        work = work * 1.0000001 + 0.5;
    return NULL;
}

static void make_pipes(void)
{
    if (pipe(ping) < 0 || pipe(pong) < 0)
        exit(1);
}

static void start_partner(void)
{
    pid_t child;

    make_pipes();
    child = fork();
    if (child < 0)
        exit(1);
    if (child == 0) {
        close(ping[1]);
        echo(NULL);
        _exit(0);
    }
    close(ping[0]);
    close(pong[1]);
}

static void start_thread(void)
{
    pthread_t thread;

    make_pipes();
    if (pthread_create(&thread, NULL, echo, NULL) != 0)
        exit(1);
}

static pid_t yielder;

static void start_yielder(void)
{
    pid_t parent = getpid();

    yielder = fork();
    if (yielder == 0)
        while (getppid() == parent)
            sched_yield();
}

static void stop_yielder(void)
{
    kill(yielder, SIGKILL);
    wait_for(yielder);
}

static void stop_partner(void)
{
    close(ping[1]);
    close(pong[0]);
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
    void (*begin)(void), (*end)(void);
} cases[] = {
    { "compute-1000", do_compute, 20000 },
    { "rdtsc", do_rdtsc, 200000 },
    { "cpuid", do_cpuid, 100000 },
    { "locked-add-100", do_locked, 20000 },
    { "clock_gettime", do_clock, 200000 },
    { "syscall", do_syscall, 100000 },
    { "read-1-byte", do_read_zero, 100000 },
    { "open-close-proc", do_open_proc, 5000 },
    { "pipe-processes", do_pipe, 5000, start_partner, stop_partner },
    { "pipe-processes-fpu", do_pipe_fpu, 5000, start_partner, stop_partner },
    { "pipe-threads", do_pipe, 5000, start_thread, stop_partner },
    { "sched-yield", do_yield, 10000, start_yielder, stop_yielder },
    { "signal-to-self", do_signal, 10000 },
    { "segv-mprotect", do_segv, 5000 },
    { "mprotect-pair", do_mprotect, 5000 },
    { "mmap-touch-1-page", do_mmap_one, 3000 },
    { "mmap-touch-64-pages", do_mmap, 500 },
    { "mmap-touch-256-pages", do_mmap_many, 150 },
    { "fork-exit-wait", do_fork, 300 },
    { "fork-exec-wait", do_exec, 150 },
    { "fork-write-256-pages", do_cow, 50 },
    { "nanosleep-1-ns", do_sleep, 3000 },
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

/* micro [DIVISOR]: so many times fewer rounds. */
int main(int argc, char **argv)
{
    int divisor = argc > 1 ? atoi(argv[1]) : 1;

    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    self = argv[0];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (cases[i].begin)
            cases[i].begin();
        printf("micro %s %.1f\n", cases[i].name,
               least_ns(cases[i].work, cases[i].rounds / (divisor > 0 ? divisor : 1)));
        fflush(stdout);
        if (cases[i].end)
            cases[i].end();
    }
    return 0;
}
