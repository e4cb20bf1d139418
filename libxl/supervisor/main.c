/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kxl-supervisor start|start-paused|adopt DOMID [FDS]: looks after one domain from its start to its
 * end. Started by libkxl only, with the domain's lock and a pipe for the answer (lib/supervise.h).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "create.h"
#include "disk-fds.h"
#include "session.h"
#include "supervise.h"

static void answer(Session *s, const GError *error)
{
    if (s->reply >= 0)
        kxl_supervisor_reply(kxl_fd_steal(&s->reply), error);
}

/* The folder and the records have what a restart changed. */
static gboolean reload(Session *s, GError **error)
{
    g_autoptr(KxlDomainConfig) before = g_steal_pointer(&s->config);

    g_clear_pointer(&s->state, kxl_state_free);
    s->config = kxl_rundir_load_config(s->host, s->domid, error);
    if (s->config)
        kxl_disk_fds_copy(before, s->config);
    s->state = s->config ? kxl_rundir_load_state(s->host, s->domid, error) : NULL;
    return s->state != NULL;
}

/* Starts it, or leaves nothing of it. */
static gboolean start(Session *s, GError **error)
{
    session_save(s);
    if (session_start(s, error)) {
        session_enter(s, s->paused ? KXL_STATE_PAUSED : KXL_STATE_RUNNING, KXL_REASON_NONE);
        return TRUE;
    }
    g_message("domain %d '%s': not started: %s", s->domid, s->config->name, (*error)->message);
    s->state->message = g_strdup((*error)->message);
    session_remove(s, session_destroy_wanted(s) ? KXL_REASON_DESTROYED : KXL_REASON_FAILED);
    return FALSE;
}

static gboolean start_successor(Session *s)
{
    g_autoptr(GError) error = NULL;

    s->paused = FALSE;
    if (!reload(s, &error)) {
        g_warning("domain %d: cannot restart: %s", s->domid, error->message);
        return FALSE;
    }
    return start(s, &error);
}

static void supervise(Session *s)
{
    EndResult result;

    do {
        session_run(s);
        result = session_end(s);
        answer(s, NULL); /* an adopter of a dead domain: it is gone now, or about to live again */
    } while (result == END_RESTART && start_successor(s));
}

/* A start whose supervisor died: the creator has been told so, nothing may be left. */
static void discard(Session *s)
{
    emulator_find(s);
    emulator_kill(s, 0);
    session_remove(s, KXL_REASON_FAILED);
    answer(s, NULL);
}

/* A restart whose supervisor died: nobody else will do it. */
static void resume_restart(Session *s)
{
    g_autoptr(GError) error = NULL;
    int domid;

    emulator_find(s);
    emulator_kill(s, 0);
    session_undo(s);
    domid = kxl_create_move(s->host, s->domid, &error);
    if (domid < 0) {
        g_warning("domain %d: cannot restart: %s", s->domid, error->message);
        session_remove(s, KXL_REASON_FAILED);
        answer(s, NULL);
        return;
    }
    s->domid = domid;
    answer(s, NULL);
    if (start_successor(s))
        supervise(s);
}

static void adopt(Session *s)
{
    if (s->state->state == KXL_STATE_STARTING) {
        if (s->state->restarted)
            resume_restart(s);
        else
            discard(s);
        return;
    }
    session_watch(s);
    session_catch_up(s);
    if (emulator_find(s)) {
        session_save(s);
        answer(s, NULL);
    }
    supervise(s);
}

static int usage(void)
{
    g_printerr("kxl-supervisor is started by libkxl\n");
    return 2;
}

static int parse_mode(const char *word)
{
    for (int i = KXL_SUPERVISE_START; i <= KXL_SUPERVISE_ADOPT; i++)
        if (g_str_equal(word, kxl_supervise_mode_words[i]))
            return i;
    return -1;
}

/* On its own: no terminal, no parent that has to reap it, no descriptors but the two and those of
 * disks. */
static void detach(guint n_fds)
{
    pid_t pid = fork();

    if (pid != 0)
        _exit(pid < 0);
    setsid();
    umask(077);
    if (chdir("/") < 0)
        _exit(1);
    close_range(KXL_SUPERVISOR_FIRST_FD + n_fds, ~0U, 0);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Session) s = NULL;
    const char *fds = argc == 4 ? argv[3] : "";
    guint n_fds = kxl_disk_fds_count(fds);
    int mode, domid;

    if (argc < 3 || argc > 4 || (mode = parse_mode(argv[1])) < 0 || (domid = atoi(argv[2])) <= 0 ||
        fcntl(KXL_SUPERVISOR_LOCK_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(KXL_SUPERVISOR_REPLY_FD, F_SETFD, FD_CLOEXEC) < 0)
        return usage();
    for (guint i = 0; i < n_fds; i++)
        fcntl(KXL_SUPERVISOR_FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC);
    detach(n_fds);
    s = session_new(domid, KXL_SUPERVISOR_LOCK_FD, KXL_SUPERVISOR_REPLY_FD, &error);
    if (!s) {
        kxl_supervisor_reply(KXL_SUPERVISOR_REPLY_FD, error);
        return 1;
    }
    kxl_disk_fds_place(s->config, fds, KXL_SUPERVISOR_FIRST_FD);
    if (mode == KXL_SUPERVISE_ADOPT) {
        adopt(s);
        return 0;
    }
    s->paused = mode == KXL_SUPERVISE_START_PAUSED;
    s->for_creator = TRUE;
    if (!start(s, &error)) {
        answer(s, error);
        return 1;
    }
    answer(s, NULL);
    supervise(s);
    return 0;
}
