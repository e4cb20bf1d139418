/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threads of calls: every task runs once, never more at a time than allowed. */
#include "rpc/workers.h"

#define WAIT_US (30 * G_USEC_PER_SEC)
#define FOR_EVER_MS 3600000

/* Tasks that wait until they are let go. */
typedef struct {
    GMutex lock;
    GCond cond;
    guint running, most, done;
    gboolean open;
    GThread *last; /* who ran the last one */
} Gate;

static void gate_init(Gate *gate, gboolean open)
{
    *gate = (Gate){ .open = open };
    g_mutex_init(&gate->lock);
    g_cond_init(&gate->cond);
}

static void pass(gpointer data)
{
    Gate *gate = data;

    g_mutex_lock(&gate->lock);
    gate->running++;
    gate->most = MAX(gate->most, gate->running);
    g_cond_broadcast(&gate->cond);
    while (!gate->open)
        g_cond_wait(&gate->cond, &gate->lock);
    gate->running--;
    gate->done++;
    gate->last = g_thread_self();
    g_cond_broadcast(&gate->cond);
    g_mutex_unlock(&gate->lock);
}

static void open_gate(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    gate->open = TRUE;
    g_cond_broadcast(&gate->cond);
    g_mutex_unlock(&gate->lock);
}

static void await(Gate *gate, const guint *number, guint wanted)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;

    g_mutex_lock(&gate->lock);
    while (*number != wanted)
        g_assert_true(g_cond_wait_until(&gate->cond, &gate->lock, deadline));
    g_mutex_unlock(&gate->lock);
}

static void await_idle(Workers *workers, guint threads, guint idle)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;
    WorkersStats stats;

    for (;;) {
        workers_get_stats(workers, &stats);
        if (stats.threads == threads && stats.idle == idle)
            return;
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(1000);
    }
}

static void end(Workers *workers)
{
    workers_stop(workers);
    workers_free(workers);
}

static void test_limit(void)
{
    Workers *workers = workers_new(3, 1, FOR_EVER_MS);
    WorkersStats stats;
    Gate gate;

    gate_init(&gate, FALSE);
    for (guint i = 0; i < 10; i++)
        workers_push(workers, pass, &gate);
    await(&gate, &gate.running, 3);
    workers_get_stats(workers, &stats);
    g_assert_cmpuint(stats.threads, ==, 3);
    g_assert_cmpuint(stats.idle, ==, 0);
    g_assert_cmpuint(stats.queued, ==, 7);
    open_gate(&gate);
    end(workers);
    g_assert_cmpuint(gate.done, ==, 10);
    g_assert_cmpuint(gate.most, ==, 3);
}

/* The one that is free takes it: no thread is made. */
static void test_reuse(void)
{
    Workers *workers = workers_new(8, 0, FOR_EVER_MS);
    GThread *first;
    Gate gate;

    gate_init(&gate, TRUE);
    workers_push(workers, pass, &gate);
    await_idle(workers, 1, 1);
    first = gate.last;
    for (guint i = 2; i <= 50; i++) {
        workers_push(workers, pass, &gate);
        await_idle(workers, 1, 1);
        g_assert_cmpuint(gate.done, ==, i);
        g_assert_true(gate.last == first);
    }
    end(workers);
}

static void test_idle_ends(void)
{
    Workers *workers = workers_new(8, 2, 10);
    Gate gate;

    for (guint round = 0; round < 3; round++) { /* the places of those that ended are used again */
        gate_init(&gate, FALSE);
        for (guint i = 0; i < 6; i++)
            workers_push(workers, pass, &gate);
        await(&gate, &gate.running, 6);
        open_gate(&gate);
        await_idle(workers, 2, 2);
    }
    end(workers);
}

static void test_change_limit(void)
{
    Workers *workers = workers_new(1, 1, FOR_EVER_MS);
    Gate gate;

    gate_init(&gate, FALSE);
    for (guint i = 0; i < 4; i++)
        workers_push(workers, pass, &gate);
    await(&gate, &gate.running, 1);
    workers_set_max(workers, 3);
    await(&gate, &gate.running, 3);
    workers_set_max(workers, 1);
    open_gate(&gate);
    await_idle(workers, 1, 1);
    g_assert_cmpuint(gate.done, ==, 4);
    end(workers);
}

static void test_stopped(void)
{
    Workers *workers = workers_new(4, 1, FOR_EVER_MS);
    Gate gate;

    gate_init(&gate, TRUE);
    workers_push(workers, pass, &gate);
    workers_stop(workers);
    g_assert_cmpuint(gate.done, ==, 1);
    workers_push(workers, pass, &gate);
    g_assert_cmpuint(gate.done, ==, 2);
    g_assert_true(gate.last == g_thread_self());
    workers_free(workers);
}

typedef struct {
    Workers *workers;
    int left; /* atomic */
} Chain;

static void more(gpointer data)
{
    Chain *chain = data;

    if (g_atomic_int_add(&chain->left, -1) > 1)
        workers_push(chain->workers, more, chain);
}

/* Tasks that make tasks, from many threads, while others end for want of work. */
static void test_many(void)
{
    Workers *workers = workers_new(4, 0, 0);
    Chain chains[8];

    for (guint i = 0; i < G_N_ELEMENTS(chains); i++) {
        chains[i] = (Chain){ workers, 500 };
        workers_push(workers, more, &chains[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(chains); i++)
        while (g_atomic_int_get(&chains[i].left) > 0)
            g_usleep(100);
    end(workers);
    for (guint i = 0; i < G_N_ELEMENTS(chains); i++)
        g_assert_cmpint(chains[i].left, ==, 0);
}

/* ---- many items ---- */

typedef struct {
    GMutex lock;
    guint running, most;
} Together;

static void count_item(gpointer item, gpointer data)
{
    Together *together = data;
    guint *times = item;

    g_mutex_lock(&together->lock);
    together->running++;
    together->most = MAX(together->most, together->running);
    g_mutex_unlock(&together->lock);
    g_thread_yield();
    (*times)++; /* by nobody else */
    g_mutex_lock(&together->lock);
    together->running--;
    g_mutex_unlock(&together->lock);
}

static void check_each(Workers *workers, guint n, guint limit, Together *together)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

    *together = (Together){ 0 };
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(items, g_new0(guint, 1));
    workers_each(workers, items, limit, count_item, together);
    for (guint i = 0; i < n; i++)
        g_assert_cmpuint(*(guint *)items->pdata[i], ==, 1);
    g_assert_cmpuint(together->most, <=, MAX(MIN(limit, n), 1));
}

static void test_each(void)
{
    static const guint counts[] = { 0, 1, 2, 50, 1000 };
    Workers *workers = workers_new(8, 1, FOR_EVER_MS);
    Together together;

    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        check_each(workers, counts[i], 4, &together);
        check_each(workers, counts[i], 1, &together);
        g_assert_cmpuint(together.most, <=, 1);
    }
    end(workers);
}

/* Two that need each other run side by side. */
static void meet(gpointer item, gpointer data)
{
    Gate *gate = data;

    g_mutex_lock(&gate->lock);
    gate->running++;
    g_cond_broadcast(&gate->cond);
    g_mutex_unlock(&gate->lock);
    await(gate, &gate->running, 2);
}

static void test_each_together(void)
{
    Workers *workers = workers_new(2, 1, FOR_EVER_MS);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    Gate gate;

    gate_init(&gate, TRUE);
    g_ptr_array_set_size(items, 2);
    workers_each(workers, items, 2, meet, &gate);
    end(workers);
}

/* Nobody is free to help, and the help that was asked for comes when all is done. */
static void test_each_alone(void)
{
    Workers *workers = workers_new(1, 1, FOR_EVER_MS);
    Together together;
    Gate gate;

    gate_init(&gate, FALSE);
    workers_push(workers, pass, &gate);
    await(&gate, &gate.running, 1);
    check_each(workers, 20, 4, &together);
    g_assert_cmpuint(together.most, ==, 1);
    open_gate(&gate);
    end(workers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/workers/limit", test_limit);
    g_test_add_func("/workers/reuse", test_reuse);
    g_test_add_func("/workers/idle-ends", test_idle_ends);
    g_test_add_func("/workers/change-limit", test_change_limit);
    g_test_add_func("/workers/stopped", test_stopped);
    g_test_add_func("/workers/many", test_many);
    g_test_add_func("/workers/each", test_each);
    g_test_add_func("/workers/each-together", test_each_together);
    g_test_add_func("/workers/each-alone", test_each_alone);
    return g_test_run();
}
