/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching domains come, change and go. inotify only says that something happened; what it was
 * comes from the records, whose history is long enough that a burst of changes is still told one by
 * one.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <json-glib/json-glib.h>

#include "domain.h"
#include "file.h"
#include "supervise.h"

/* How often to look whether a domain has lost its supervisor: a released lock makes no event. */
#define CHECK_SECONDS 2

typedef struct {
    int domid, wd;
    int events_wd;     /* of what its emulator says; -1: not watched */
    off_t events_read; /* how far that has been told */
    guint seq;         /* last transition told */
    gboolean told;     /* as NEW: it has run */
    gboolean changed;  /* something in its folder, since it was last looked at */
    char *name;
    KxlState *state; /* as last seen */
} Known;

struct KxlWatch {
    KxlHost *host;
    KxlWatchFunc func;
    KxlMachineFunc machine_func;
    gpointer user_data;
    KxlFd inotify;
    int ended_wd;
    GSource *input, *timer, *first;
    GHashTable *known;    /* domid -> Known */
    GSList *spoken;       /* of Known: whose emulators have said something; only while looking */
    GArray *ended;        /* domids whose end has been recorded since the last look */
    gboolean freed, busy; /* kxl_watch_free() from within a callback */
    GMutex lock;          /* for kxl_watch_settle() in another thread */
    GCond looked;
    gint looking;  /* atomic: set before the news are read, cleared under lock once told */
    guint64 looks; /* under lock: how often it was cleared */
};

static void known_free(gpointer data)
{
    Known *known = data;

    g_free(known->name);
    kxl_state_free(known->state);
    g_free(known);
}

static void tell(KxlWatch *watch, KxlEventKind kind, const KxlState *state, const Known *known,
                 const KxlTransition *at)
{
    g_autoptr(KxlDomainInfo) info = NULL;

    if (watch->freed)
        return;
    info = kxl_domain_info_new(watch->host, state, NULL);
    g_free(info->name);
    info->name = g_strdup(known->name);
    if (at) {
        if (at->state != KXL_STATE_RUNNING || info->state != KXL_STATE_BLOCKED)
            info->state = at->state;
        info->paused = at->state == KXL_STATE_PAUSED;
        info->reason = at->reason;
    }
    watch->func(kind, info, watch->user_data);
}

/* Every transition that has not been told. A domain that has not yet run is not told of at all. */
static void tell_history(KxlWatch *watch, Known *known, const KxlState *state)
{
    for (guint i = 0; i < state->history->len; i++) {
        const KxlTransition *at = state->history->pdata[i];

        if (at->seq <= known->seq)
            continue;
        known->seq = at->seq;
        if (!known->told && (at->state == KXL_STATE_STARTING || at->state == KXL_STATE_DYING))
            continue;
        tell(watch, known->told ? KXL_EVENT_CHANGED : KXL_EVENT_NEW, state, known, at);
        known->told = TRUE;
    }
}

static void tell_gone(KxlWatch *watch, Known *known)
{
    g_autoptr(KxlState) end = kxl_rundir_load_end(watch->host, known->domid, NULL);
    const KxlState *state = end ? end : known->state;

    if (!state)
        return;
    if (!known->name) /* it was gone before it could be read */
        known->name = g_strdup(state->name);
    tell_history(watch, known, state);
    /* A restart that came to nothing: there may be somebody who waits for it. */
    if (known->told || state->restarted)
        tell(watch, KXL_EVENT_GONE, state, known, NULL);
}

/* --- what emulators say ----------------------------------------------------------------------- */

static void tell_line(KxlWatch *watch, const Known *known, const char *line)
{
    g_autoptr(JsonNode) node = json_from_string(line, NULL);
    JsonObject *object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autofree char *data = NULL;

    if (!object || !json_object_has_member(object, "event") || watch->freed)
        return;
    data = json_object_has_member(object, "data")
               ? json_to_string(json_object_get_member(object, "data"), FALSE)
               : g_strdup("{}");
    watch->machine_func(known->domid, json_object_get_string_member(object, "event"), data,
                        watch->user_data);
}

/* The lines that are whole and have not been told. */
static void tell_events(KxlWatch *watch, Known *known)
{
    g_autofree char *path = kxl_rundir_path(watch->host, known->domid, "events.out");
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[16384];
    ssize_t n;

    while (fd >= 0 && (n = pread(fd, buffer, sizeof buffer - 1, known->events_read)) > 0) {
        char *end;

        buffer[n] = '\0';
        end = strchr(buffer, '\n');
        if (!end)
            return;
        *end = '\0';
        known->events_read += end + 1 - buffer;
        tell_line(watch, known, buffer);
    }
}

/* From now on. */
static void watch_events(KxlWatch *watch, Known *known)
{
    g_autofree char *path = kxl_rundir_path(watch->host, known->domid, "events.out");
    struct stat st;

    if (!watch->machine_func || known->events_wd >= 0)
        return;
    known->events_wd = inotify_add_watch(watch->inotify, path, IN_MODIFY);
    known->events_read = stat(path, &st) == 0 ? st.st_size : 0;
}

static Known *find_events(KxlWatch *watch, int wd)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, watch->known);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((Known *)value)->events_wd == wd)
            return value;
    return NULL;
}

void kxl_watch_machines(KxlWatch *watch, KxlMachineFunc func)
{
    watch->machine_func = func;
}

/* --- domains ---------------------------------------------------------------------------------- */

static Known *known_new(KxlWatch *watch, int domid)
{
    g_autofree char *dir = kxl_rundir_path(watch->host, domid, NULL);
    Known *known = g_new0(Known, 1);

    known->domid = domid;
    known->events_wd = -1;
    known->wd = inotify_add_watch(watch->inotify, dir, IN_MOVED_TO);
    known->changed = TRUE;
    return known;
}

/* A domain that is there: its history, then its name. */
static void look_at(KxlWatch *watch, int domid)
{
    Known *known = g_hash_table_lookup(watch->known, GINT_TO_POINTER(domid));
    g_autoptr(KxlState) state = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;
    gboolean renamed;

    if (!known) {
        known = known_new(watch, domid);
        g_hash_table_insert(watch->known, GINT_TO_POINTER(domid), known);
    }
    if (!known->changed)
        return;
    /* Read after the watch is set, so that no later change is missed. Gone meanwhile: the next
     * look. */
    state = kxl_rundir_load_state(watch->host, domid, NULL);
    config = state ? kxl_rundir_load_config(watch->host, domid, NULL) : NULL;
    if (!config)
        return;
    if (state->domid != domid) /* a restart on the way to its new name */
        return;
    if (state->state != KXL_STATE_STARTING)
        watch_events(watch, known);
    /* What its emulator says cannot be watched yet: again then. */
    known->changed = state->state != KXL_STATE_STARTING && watch->machine_func != NULL &&
                     known->events_wd < 0;
    renamed = known->name && !g_str_equal(known->name, config->name);
    g_free(known->name);
    known->name = g_strdup(config->name);
    kxl_state_free(known->state);
    known->state = g_steal_pointer(&state);
    tell_history(watch, known, known->state);
    if (renamed && known->told)
        tell(watch, KXL_EVENT_CHANGED, known->state, known, NULL);
}

static gboolean is_listed(const GArray *domids, int domid)
{
    for (guint i = 0; i < domids->len; i++)
        if (g_array_index(domids, int, i) == domid)
            return TRUE;
    return FALSE;
}

static void look_for_gone(KxlWatch *watch, const GArray *domids)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, watch->known);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Known *known = value;

        if (is_listed(domids, known->domid))
            continue;
        tell_gone(watch, known);
        g_hash_table_iter_remove(&iter);
    }
}

/* Domids of those that came and went between two looks. */
static GArray *take_short_lived(KxlWatch *watch, const GArray *domids)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < watch->ended->len; i++) {
        int domid = g_array_index(watch->ended, int, i);

        if (!is_listed(domids, domid) &&
            !g_hash_table_contains(watch->known, GINT_TO_POINTER(domid)) &&
            !is_listed(found, domid))
            g_array_append_val(found, domid);
    }
    g_array_set_size(watch->ended, 0);
    return found;
}

static void tell_short_lived(KxlWatch *watch, int domid)
{
    g_autoptr(KxlState) end = kxl_rundir_load_end(watch->host, domid, NULL);
    Known *known;

    if (!end)
        return;
    known = g_new0(Known, 1);
    known->domid = domid;
    tell_gone(watch, known);
    known_free(known);
}

static void look(KxlWatch *watch)
{
    g_autoptr(GArray) domids = kxl_rundir_list(watch->host);
    g_autoptr(GArray) short_lived = take_short_lived(watch, domids);

    /* In this order: it may be the next life of one that is gone. */
    look_for_gone(watch, domids);
    for (guint i = 0; i < short_lived->len; i++)
        tell_short_lived(watch, g_array_index(short_lived, int, i));
    for (guint i = 0; i < domids->len; i++)
        look_at(watch, g_array_index(domids, int, i));
}

/* Only what changed is read again: there may be hundreds. */
static void note_changed(KxlWatch *watch, const struct inotify_event *event)
{
    gboolean lost = event->mask & IN_Q_OVERFLOW;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, watch->known);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Known *known = value;

        if (lost || known->wd == event->wd)
            known->changed = TRUE;
    }
}

/* --- sources ---------------------------------------------------------------------------------- */

static void really_free(KxlWatch *watch)
{
    g_hash_table_unref(watch->known);
    g_array_unref(watch->ended);
    g_slist_free(watch->spoken);
    kxl_fd_close(watch->inotify);
    g_mutex_clear(&watch->lock);
    g_cond_clear(&watch->looked);
    g_free(watch);
}

static gboolean guarded(KxlWatch *watch, void (*run)(KxlWatch *watch))
{
    watch->busy = TRUE;
    run(watch);
    watch->busy = FALSE;
    if (watch->freed) {
        really_free(watch);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void note_ended(KxlWatch *watch, const struct inotify_event *event)
{
    int domid = event->len ? (int)g_ascii_strtoll(event->name, NULL, 10) : 0;

    if (event->wd == watch->ended_wd && domid > 0 && g_str_has_suffix(event->name, ".json"))
        g_array_append_val(watch->ended, domid);
}

static void set_looked(KxlWatch *watch)
{
    g_mutex_lock(&watch->lock);
    g_atomic_int_set(&watch->looking, FALSE);
    watch->looks++;
    g_cond_broadcast(&watch->looked);
    g_mutex_unlock(&watch->lock);
}

static void listen_to_spoken(KxlWatch *watch)
{
    while (watch->spoken) {
        Known *known = watch->spoken->data;

        watch->spoken = g_slist_delete_link(watch->spoken, watch->spoken);
        if (known)
            tell_events(watch, known);
    }
}

static gboolean on_input(int fd, GIOCondition condition, gpointer data)
{
    KxlWatch *watch = data;
    char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    gboolean changed = FALSE, go_on = TRUE;
    ssize_t n;

    g_atomic_int_set(&watch->looking, TRUE);
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + n;) {
            const struct inotify_event *event = (const void *)at;

            note_ended(watch, event);
            if (event->mask & IN_MODIFY) {
                watch->spoken = g_slist_prepend(watch->spoken, find_events(watch, event->wd));
            } else {
                note_changed(watch, event);
                changed = TRUE;
            }
            at += sizeof *event + event->len;
        }
    }
    if (watch->spoken)
        go_on = guarded(watch, listen_to_spoken);
    if (go_on && changed)
        go_on = guarded(watch, look);
    if (go_on)
        set_looked(watch);
    return go_on;
}

static gboolean on_first(gpointer data)
{
    guarded(data, look);
    return G_SOURCE_REMOVE;
}

static gboolean on_timer(gpointer data)
{
    KxlWatch *watch = data;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, watch->known);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        kxl_supervise_ensure_later(watch->host, GPOINTER_TO_INT(key));
    return G_SOURCE_CONTINUE;
}

static GSource *attach(GSource *source, GSourceFunc func, KxlWatch *watch)
{
    g_source_set_callback(source, func, watch, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

KxlWatch *kxl_watch_new(KxlHost *host, KxlWatchFunc func, gpointer user_data, GError **error)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    KxlWatch *watch;

    if (fd < 0) {
        kxl_error_set_errno(error, errno,
                            "cannot watch for domains (limit: fs.inotify.max_user_instances)");
        return NULL;
    }
    watch = g_new0(KxlWatch, 1);
    watch->host = host;
    watch->func = func;
    watch->user_data = user_data;
    watch->inotify = fd;
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->looked);
    watch->known = g_hash_table_new_full(NULL, NULL, NULL, known_free);
    watch->ended = g_array_new(FALSE, FALSE, sizeof(int));
    watch->ended_wd = inotify_add_watch(fd, kxl_host_ended_dir(host), IN_MOVED_TO);
    if (watch->ended_wd < 0 || inotify_add_watch(fd, kxl_host_run_dir(host), IN_MOVE) < 0) {
        kxl_error_set_errno(error, errno, "cannot watch '%s'", kxl_host_run_dir(host));
        really_free(watch);
        return NULL;
    }
    watch->first = attach(g_idle_source_new(), on_first, watch);
    watch->input = attach(g_unix_fd_source_new(fd, G_IO_IN), G_SOURCE_FUNC(on_input), watch);
    watch->timer = attach(g_timeout_source_new_seconds(CHECK_SECONDS), on_timer, watch);
    return watch;
}

static gboolean has_input(KxlWatch *watch)
{
    struct pollfd input = { .fd = watch->inotify, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

/* In this order: the flag is set while there is still something to read. */
static gboolean is_behind(KxlWatch *watch)
{
    return has_input(watch) || g_atomic_int_get(&watch->looking);
}

/*
 * Under lock, so that no look ends meanwhile: how many must have ended for all that has happened by
 * now to be told. What is not to be read any more has been read by the look that goes on; the rest
 * is read by the one after it at the latest.
 */
static guint64 looks_wanted(KxlWatch *watch)
{
    gboolean unread = has_input(watch), looking = g_atomic_int_get(&watch->looking);

    return watch->looks + unread + looking;
}

gboolean kxl_watch_is_settled(KxlWatch *watch)
{
    return !is_behind(watch);
}

void kxl_watch_settle(KxlWatch *watch, guint timeout_ms)
{
    guint64 wanted;
    gint64 end;

    if (!is_behind(watch))
        return;
    end = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;
    g_mutex_lock(&watch->lock);
    wanted = looks_wanted(watch);
    /* Not until nothing happens any more: while many are started that is never. */
    while (watch->looks < wanted && is_behind(watch) && g_get_monotonic_time() < end)
        g_cond_wait_until(&watch->looked, &watch->lock,
                          MIN(end, g_get_monotonic_time() + G_TIME_SPAN_MILLISECOND));
    g_mutex_unlock(&watch->lock);
}

static void drop_source(GSource **source)
{
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

void kxl_watch_free(KxlWatch *watch)
{
    if (!watch)
        return;
    drop_source(&watch->first);
    drop_source(&watch->input);
    drop_source(&watch->timer);
    watch->freed = TRUE;
    if (!watch->busy)
        really_free(watch);
}
