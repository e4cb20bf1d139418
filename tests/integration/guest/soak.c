/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soak SECONDS LOAD PAUSE DISK: for so many seconds of the guest's clock turns of LOAD seconds in which every vCPU is busy and
 * PAUSE seconds in which all sleep. The first thing that is wrong is told and ends it: a clock that goes back, on one vCPU or
 * from one to another, or that jumps; a sleep that ends early, late or not at all; bytes lost in a pipe; a child that
 * ended otherwise than it did; a block of DISK that is not what was written. What was done is told once an hour.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* How late a sleeper may run, and how far apart two readings of a busy thread may be. Up to there it is the schedulers' doing:
 * Linux's, and QEMU's, which in virtual time has one thread for all vCPUs; up to a second was seen. */
#define LATE_NS (5 * NS_PER_S)

enum { MAX_CPUS = 64, BLOCK = 65536, NR_BLOCKS = 256, LONG_MS = 20000, SHORT_MS = 20 };

static struct {
    atomic_uint_fast64_t clock_reads, sleeps, forks, messages, blocks;
    atomic_int_fast64_t worst_late_ns;
} done;

static atomic_int_fast64_t latest; /* reading of the clock by anyone */
static int64_t clock_offset;       /* CLOCK_REALTIME before CLOCK_MONOTONIC: nobody sets it */
static atomic_bool stop;
static int nr_cpus, disk = -1;
static atomic_int_fast64_t wakes_at[MAX_CPUS]; /* each vCPU's long sleeper */
static uint32_t generation[NR_BLOCKS]; /* of what was written last; 0: nothing */
static int to_echo[2], from_echo[2];

static int64_t now_of(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

__attribute__((noreturn, format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf("soak: WRONG at %" PRId64 " s: %s\n", now_of(CLOCK_MONOTONIC) / NS_PER_S, text);
    fflush(stdout);
    _exit(1);
}

static void raise_to(atomic_int_fast64_t *max, int64_t value)
{
    int_fast64_t old = atomic_load(max);

    while (old < value && !atomic_compare_exchange_weak(max, &old, value))
        ;
}

/* Not before what any other vCPU has read. */
static int64_t read_clock(void)
{
    int64_t seen = atomic_load(&latest), now = now_of(CLOCK_MONOTONIC);

    if (now < seen)
        wrong("the clock of vCPU %d is %" PRId64 " ns behind another's", sched_getcpu(), seen - now);
    raise_to(&latest, now);
    atomic_fetch_add(&done.clock_reads, 1);
    return now;
}

static void check_wall_clock(void)
{
    int64_t off = now_of(CLOCK_REALTIME) - now_of(CLOCK_MONOTONIC) - clock_offset;

    if (llabs(off) > NS_PER_S)
        wrong("the wall clock jumped by %" PRId64 " ns", off);
}

static uint32_t random_below(uint32_t *state, uint32_t end)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % end;
}

/* --- sleeps ----------------------------------------------------------------------------------- */

static struct timespec span(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

static void by_nanosleep(int64_t ns)
{
    struct timespec t = span(ns);

    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static void by_deadline(int64_t ns)
{
    struct timespec t = span(now_of(CLOCK_MONOTONIC) + ns);

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void by_poll(int64_t ns)
{
    poll(NULL, 0, (int)(ns / NS_PER_MS));
}

static void by_select(int64_t ns)
{
    struct timeval t = { .tv_sec = ns / NS_PER_S, .tv_usec = ns % NS_PER_S / 1000 };

    select(0, NULL, NULL, NULL, &t);
}

static void by_timerfd(int64_t ns)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec once = { .it_value = span(ns) };
    uint64_t n = 0;

    timerfd_settime(fd, 0, &once, NULL);
    if (read(fd, &n, sizeof(n)) != sizeof(n) || n != 1)
        wrong("a timer went off %" PRIu64 " times", n);
    close(fd);
}

static const struct {
    const char *name;
    void (*sleep)(int64_t ns);
} sleeps[] = {
    { "clock_nanosleep", by_nanosleep }, { "a deadline", by_deadline }, { "poll", by_poll },
    { "select", by_select },             { "timerfd", by_timerfd },
};
#define NR_SLEEPS (sizeof(sleeps) / sizeof(sleeps[0]))

static void sleep_once(uint32_t *random, uint32_t max_ms, atomic_int_fast64_t *ret_wakes_at)
{
    unsigned int kind = random_below(random, NR_SLEEPS);
    int64_t wanted = (1 + random_below(random, max_ms)) * NS_PER_MS, start = read_clock(), took;

    if (ret_wakes_at)
        atomic_store(ret_wakes_at, start + wanted);
    sleeps[kind].sleep(wanted);
    took = read_clock() - start;
    if (took < wanted || took > wanted + LATE_NS)
        wrong("vCPU %d: %s of %" PRId64 " ns took %" PRId64, sched_getcpu(), sleeps[kind].name, wanted, took);
    raise_to(&done.worst_late_ns, took - wanted);
    atomic_fetch_add(&done.sleeps, 1);
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set))
        wrong("vCPU %d: %s", cpu, strerror(errno));
}

static void *sleep_long(void *arg)
{
    int cpu = (int)(intptr_t)arg;
    uint32_t random = 1 + (uint32_t)cpu;

    pin(cpu);
    for (;;)
        sleep_once(&random, LONG_MS, &wakes_at[cpu]);
    return NULL;
}

/* Those that wake look themselves whether they are late. */
static void check_sleepers(void)
{
    int64_t now = now_of(CLOCK_MONOTONIC);

    for (int cpu = 0; cpu < nr_cpus; cpu++)
        if (now > atomic_load(&wakes_at[cpu]) + LATE_NS)
            wrong("vCPU %d: its sleeper does not wake", cpu);
}

/* --- loads, each a thread until stop ---------------------------------------------------------- */

static void sleep_short(uint32_t *random)
{
    sleep_once(random, SHORT_MS, NULL);
}

static void burn(uint32_t *random)
{
    int64_t start = read_clock(), took;

    for (unsigned int i = 0; i < 20000; i++)
        if (random_below(random, 100) == 0)
            __builtin_ia32_pause(); /* the next vCPU's turn, see tests/soak */
    took = read_clock() - start;
    if (took > LATE_NS)
        wrong("vCPU %d: some work took %" PRId64 " ns", sched_getcpu(), took);
}

static void fork_child(uint32_t *random)
{
    int want = (int)random_below(random, 200), status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(want);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != want)
        wrong("a child that ends with %d: %s, status %#x", want, strerror(errno), (unsigned int)status);
    atomic_fetch_add(&done.forks, 1);
}

static void *echo(void *arg)
{
    uint32_t n;

    while (read(to_echo[0], &n, sizeof(n)) == sizeof(n)) {
        n = ~n;
        if (write(from_echo[1], &n, sizeof(n)) != sizeof(n))
            wrong("write to a pipe: %s", strerror(errno));
    }
    wrong("read from a pipe: %s", strerror(errno));
    return arg;
}

static void talk(uint32_t *random)
{
    uint32_t n = random_below(random, UINT32_MAX), answer = 0;

    if (write(to_echo[1], &n, sizeof(n)) != sizeof(n) || read(from_echo[0], &answer, sizeof(answer)) != sizeof(answer) ||
        answer != ~n)
        wrong("a pipe gave %#x for %#x", answer, ~n);
    atomic_fetch_add(&done.messages, 1);
}

static void fill(uint32_t *block, uint32_t index)
{
    uint32_t state = 1 + index * 2654435761U + generation[index];

    for (unsigned int i = 0; i < BLOCK / sizeof(*block); i++)
        block[i] = random_below(&state, UINT32_MAX);
}

static void check_block(uint32_t *got, const uint32_t *want, uint32_t index)
{
    if (pread(disk, got, BLOCK, (off_t)index * BLOCK) != BLOCK)
        wrong("block %u: %s", index, strerror(errno));
    if (memcmp(got, want, BLOCK) != 0)
        wrong("block %u is not what was written", index);
}

/* Checks what an earlier turn wrote, writes it anew, checks that. No cache of Linux's is between. */
static void use_disk(uint32_t *random)
{
    static _Alignas(4096) uint32_t want[BLOCK / 4], got[BLOCK / 4];
    uint32_t index = random_below(random, NR_BLOCKS);

    if (generation[index] > 0) {
        fill(want, index);
        check_block(got, want, index);
    }
    generation[index]++;
    fill(want, index);
    if (pwrite(disk, want, BLOCK, (off_t)index * BLOCK) != BLOCK || fdatasync(disk))
        wrong("write to the disk: %s", strerror(errno));
    check_block(got, want, index);
    atomic_fetch_add(&done.blocks, 1);
}

/* --- turns ------------------------------------------------------------------------------------ */

struct load {
    void (*fn)(uint32_t *random);
    int cpu; /* to stay on; -1: any */
    uint32_t random;
    pthread_t thread;
};

static void *run_load(void *arg)
{
    struct load *l = arg;

    if (l->cpu >= 0)
        pin(l->cpu);
    while (!atomic_load(&stop))
        l->fn(&l->random);
    return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    int err = pthread_create(thread, NULL, fn, arg);

    if (err)
        wrong("no thread: %s", strerror(err));
}

static void load_turn(uint32_t turn, int64_t load_ns)
{
    static void (*const free_ones[])(uint32_t *) = { sleep_short, sleep_short, fork_child, talk, use_disk };
    struct load loads[MAX_CPUS + sizeof(free_ones) / sizeof(free_ones[0])];
    unsigned int n = 0;

    atomic_store(&stop, false);
    for (int cpu = 0; cpu < nr_cpus; cpu++)
        loads[n++] = (struct load){ .fn = burn, .cpu = cpu };
    for (unsigned int i = 0; i < sizeof(free_ones) / sizeof(free_ones[0]); i++)
        loads[n++] = (struct load){ .fn = free_ones[i], .cpu = -1 };
    for (unsigned int i = 0; i < n; i++) {
        loads[i].random = 1 + turn * 64 + i;
        start(&loads[i].thread, run_load, &loads[i]);
    }
    by_nanosleep(load_ns);
    atomic_store(&stop, true);
    for (unsigned int i = 0; i < n; i++)
        pthread_join(loads[i].thread, NULL);
}

static void tell(const char *word, int64_t ns, uint32_t turns)
{
    printf("soak: %s %.2f h: %u turns, %" PRIuFAST64 " readings of the clock, %" PRIuFAST64 " sleeps (latest by %.3f s), %" PRIuFAST64
           " forks, %" PRIuFAST64 " messages, %" PRIuFAST64 " blocks\n",
           word, (double)ns / 3600 / NS_PER_S, turns, done.clock_reads, done.sleeps, (double)done.worst_late_ns / NS_PER_S,
           done.forks, done.messages, done.blocks);
    fflush(stdout);
}

static void prepare(const char *path)
{
    pthread_t thread;

    nr_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    disk = open(path, O_RDWR | O_DIRECT);
    if (disk < 0 || pipe(to_echo) || pipe(from_echo) || nr_cpus > MAX_CPUS)
        wrong("'%s', or pipes: %s", path, strerror(errno));
    clock_offset = now_of(CLOCK_REALTIME) - now_of(CLOCK_MONOTONIC);
    start(&thread, echo, NULL);
    for (int i = 0; i < nr_cpus; i++) {
        wakes_at[i] = now_of(CLOCK_MONOTONIC);
        start(&thread, sleep_long, (void *)(intptr_t)i);
    }
}

int main(int argc, char **argv)
{
    int64_t length, load, pause, begin = now_of(CLOCK_MONOTONIC), told = begin;
    uint32_t turn = 0;

    if (argc != 5)
        return 2;
    length = atoll(argv[1]) * NS_PER_S;
    load = (int64_t)(atof(argv[2]) * NS_PER_S);
    pause = (int64_t)(atof(argv[3]) * NS_PER_S);
    prepare(argv[4]);
    while (now_of(CLOCK_MONOTONIC) - begin < length) {
        load_turn(turn++, load);
        by_nanosleep(pause);
        check_wall_clock();
        check_sleepers();
        if (now_of(CLOCK_MONOTONIC) - told >= 3600 * NS_PER_S) {
            told += 3600 * NS_PER_S;
            tell("after", now_of(CLOCK_MONOTONIC) - begin, turn);
        }
    }
    tell("SUCCESS:", now_of(CLOCK_MONOTONIC) - begin, turn);
    return 0;
}
