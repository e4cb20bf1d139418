/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "workers.h"

typedef struct {
    WorkersFunc func; /* NULL: no task */
    gpointer data;
} Task;

/* A thread, or the place of one that has ended. Places stay until the end: whoever wakes a thread
 * does so after it has let go of the lock, when the thread may be about to end already. */
typedef struct {
    Workers *workers;
    GThread *thread; /* NULL: it has ended and was joined */
    GCond cond;
    Task task;     /* handed over, under lock */
    gboolean idle; /* in workers->idle */
    gboolean over; /* its thread ends, or has ended */
} Worker;

struct Workers {
    GMutex lock;
    GPtrArray *places; /* of Worker */
    GQueue idle;       /* of Worker, the last to become idle first */
    GQueue tasks;      /* of Task, for which there was no thread */
    guint max, keep, idle_ms;
    guint threads;
    gboolean stopping;
};

static void place_free(gpointer data)
{
    Worker *worker = data;

    g_cond_clear(&worker->cond);
    g_free(worker);
}

Workers *workers_new(guint max, guint keep, guint idle_ms)
{
    Workers *workers = g_new0(Workers, 1);

    g_mutex_init(&workers->lock);
    workers->places = g_ptr_array_new_with_free_func(place_free);
    workers->max = max;
    workers->keep = keep;
    workers->idle_ms = idle_ms;
    return workers;
}

/* ---- a thread; all under lock ---- */

/* Whether it was handed a task: FALSE when it may go, after its time or because all end. */
static gboolean wait_for_task(Worker *worker)
{
    Workers *workers = worker->workers;
    gint64 deadline = g_get_monotonic_time() + (gint64)workers->idle_ms * 1000;

    worker->idle = TRUE;
    g_queue_push_head(&workers->idle, worker);
    while (worker->task.func == NULL && !workers->stopping) {
        if (workers->threads <= workers->keep)
            g_cond_wait(&worker->cond, &workers->lock);
        else if (!g_cond_wait_until(&worker->cond, &workers->lock, deadline) &&
                 workers->threads > workers->keep)
            break;
    }
    if (worker->idle)
        g_queue_remove(&workers->idle, worker);
    worker->idle = FALSE;
    return worker->task.func != NULL;
}

static gboolean next_task(Worker *worker)
{
    Workers *workers = worker->workers;
    Task *queued;

    if (workers->threads > workers->max)
        return FALSE;
    queued = g_queue_pop_head(&workers->tasks);
    if (queued == NULL)
        return !workers->stopping && wait_for_task(worker);
    worker->task = *queued;
    g_free(queued);
    return TRUE;
}

static gpointer run(gpointer data)
{
    Worker *worker = data;
    Workers *workers = worker->workers;

    g_mutex_lock(&workers->lock);
    do {
        Task task = worker->task;

        worker->task = (Task){ NULL, NULL };
        g_mutex_unlock(&workers->lock);
        task.func(task.data);
        g_mutex_lock(&workers->lock);
    } while (next_task(worker));
    worker->over = TRUE;
    workers->threads--;
    g_mutex_unlock(&workers->lock);
    return NULL;
}

/* ---- tasks; under lock ---- */

static Worker *take_place(Workers *workers)
{
    Worker *worker;

    for (guint i = 0; i < workers->places->len; i++) {
        worker = workers->places->pdata[i];
        if (worker->over) {
            g_thread_join(g_steal_pointer(&worker->thread));
            worker->over = FALSE;
            return worker;
        }
    }
    worker = g_new0(Worker, 1);
    worker->workers = workers;
    g_cond_init(&worker->cond);
    g_ptr_array_add(workers->places, worker);
    return worker;
}

/* Another thread, with the task. FALSE: there are enough, or the host has no more. */
static gboolean start_thread(Workers *workers, const Task *task)
{
    Worker *worker;

    if (workers->threads >= workers->max || workers->stopping)
        return FALSE;
    worker = take_place(workers);
    worker->task = *task;
    worker->thread = g_thread_try_new("worker", run, worker, NULL);
    if (worker->thread == NULL) {
        g_ptr_array_remove_fast(workers->places, worker);
        return FALSE;
    }
    workers->threads++;
    return TRUE;
}

/* FALSE: nobody will take it. */
static gboolean hand_over(Workers *workers, const Task *task, Worker **ret_idle)
{
    Worker *idle = workers->stopping ? NULL : g_queue_pop_head(&workers->idle);

    *ret_idle = idle;
    if (idle != NULL) {
        idle->idle = FALSE;
        idle->task = *task;
        return TRUE;
    }
    if (start_thread(workers, task))
        return TRUE;
    if (workers->threads == 0 || workers->stopping)
        return FALSE;
    g_queue_push_tail(&workers->tasks, g_memdup2(task, sizeof *task));
    return TRUE;
}

void workers_push(Workers *workers, WorkersFunc func, gpointer data)
{
    Task task = { func, data };
    gboolean taken;
    Worker *idle;

    g_mutex_lock(&workers->lock);
    taken = hand_over(workers, &task, &idle);
    g_mutex_unlock(&workers->lock);
    if (idle != NULL)
        g_cond_signal(&idle->cond);
    if (!taken) /* the end, or a host without another thread: slow is better than never */
        func(data);
}

/* ---- many items ---- */

/* Of the caller and its helpers. A helper that comes late finds no item left and touches nothing
 * but this. */
typedef struct {
    int refs; /* atomic */
    int next; /* atomic */
    const GPtrArray *items;
    guint n;
    WorkersEachFunc func;
    gpointer data;
    GMutex lock;
    GCond cond;
    guint done;
} Round;

static void round_unref(Round *round)
{
    if (!g_atomic_int_dec_and_test(&round->refs))
        return;
    g_mutex_clear(&round->lock);
    g_cond_clear(&round->cond);
    g_free(round);
}

static void round_help(gpointer data)
{
    Round *round = data;
    guint i;

    while ((i = (guint)g_atomic_int_add(&round->next, 1)) < round->n) {
        round->func(round->items->pdata[i], round->data);
        g_mutex_lock(&round->lock);
        if (++round->done == round->n)
            g_cond_signal(&round->cond);
        g_mutex_unlock(&round->lock);
    }
    round_unref(round);
}

void workers_each(Workers *workers, const GPtrArray *items, guint limit, WorkersEachFunc func,
                  gpointer data)
{
    guint helpers = MIN(limit, items->len);
    Round *round = g_new0(Round, 1);

    *round = (Round){ .items = items, .n = items->len, .func = func, .data = data };
    round->refs = 2; /* the caller's, before and after it has helped */
    g_mutex_init(&round->lock);
    g_cond_init(&round->cond);
    for (guint i = 1; i < helpers; i++) {
        g_atomic_int_inc(&round->refs);
        workers_push(workers, round_help, round);
    }
    round_help(round);
    g_mutex_lock(&round->lock);
    while (round->done < round->n)
        g_cond_wait(&round->cond, &round->lock);
    g_mutex_unlock(&round->lock);
    round_unref(round);
}

void workers_set_max(Workers *workers, guint max)
{
    g_mutex_lock(&workers->lock);
    workers->max = max;
    while (!g_queue_is_empty(&workers->tasks) &&
           start_thread(workers, g_queue_peek_head(&workers->tasks)))
        g_free(g_queue_pop_head(&workers->tasks));
    g_mutex_unlock(&workers->lock);
}

void workers_get_stats(Workers *workers, WorkersStats *ret_stats)
{
    g_mutex_lock(&workers->lock);
    *ret_stats =
        (WorkersStats){ workers->threads, workers->idle.length, workers->tasks.length };
    g_mutex_unlock(&workers->lock);
}

void workers_stop(Workers *workers)
{
    g_mutex_lock(&workers->lock);
    workers->stopping = TRUE;
    for (GList *i = workers->idle.head; i != NULL; i = i->next)
        g_cond_signal(&((Worker *)i->data)->cond);
    g_mutex_unlock(&workers->lock);
    for (guint i = 0; i < workers->places->len; i++) { /* which does not change any more */
        Worker *worker = workers->places->pdata[i];

        g_clear_pointer(&worker->thread, g_thread_join);
    }
}

void workers_free(Workers *workers)
{
    if (workers == NULL)
        return;
    g_assert(workers->threads == 0 && g_queue_is_empty(&workers->tasks));
    g_ptr_array_unref(workers->places);
    g_mutex_clear(&workers->lock);
    g_free(workers);
}
