/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person in front of the machine would have: its screen, keyboard, NMI button; and its
 * memory, monitor and display sockets. */
#include <errno.h>
#include <fcntl.h>
#include <kxl-guest.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file-stream.h"
#include "handler.h"
#include "keycode.h"

/* A file that the emulator writes for us, below the run directory so that it is memory and private.
 * New string; the file is not there yet. */
static char *scratch_path(const Kanzend *kanzend, const char *what)
{
    static int count;

    return g_strdup_printf("%s/kanzend-%s-%d-%d", kxl_host_run_dir(kanzend->host), what, getpid(),
                           g_atomic_int_add(&count, 1));
}

/* Opens it and removes its name. */
static int take_scratch(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        fail(error, VIR_ERR_SYSTEM_ERROR, "cannot open '%s': %s", path, g_strerror(errno));
    unlink(path);
    return fd;
}

/* ---- screen ---- */

gboolean on_domain_screenshot(RpcCall *call, GError **error)
{
    static const struct {
        gboolean png;
        const char *type;
    } formats[] = { { TRUE, "image/png" }, { FALSE, "image/x-portable-pixmap" } };
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *path = scratch_path(kanzend, "screen");
    const char *type = NULL;
    int fd;

    if (!check_flags(call, call->args[2].u, 0, error) ||
        !call_job_running(call, "photographed", &view, error))
        return FALSE;
    /* A QEMU without libpng knows the older format only. */
    for (guint i = 0; type == NULL && i < G_N_ELEMENTS(formats); i++) {
        g_clear_error(error);
        if (kxl_domain_screenshot(kanzend->host, view.id, call->args[1].u, formats[i].png, path,
                                  error))
            type = formats[i].type;
    }
    if (type == NULL)
        return FALSE;
    fd = take_scratch(path, error);
    if (fd < 0)
        return FALSE;
    xdr_put_optional_string(call->ret, type);
    file_stream_new(call, fd);
    return TRUE;
}

/* ---- keyboard ---- */

#define KEYS_MAX 16u

gboolean on_domain_send_key(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 set = call->args[1].u, hold_ms = call->args[2].u;
    const XdrValue *codes = &call->args[3];
    g_auto(DomainView) view = { 0 };
    guint keys[KEYS_MAX];

    if (!check_flags(call, call->args[4].u, 0, error))
        return FALSE;
    if (!keycode_set_is_known(set))
        return fail(error, VIR_ERR_INVALID_ARG, "unknown keycode set %u", set);
    for (guint i = 0; i < codes->len; i++) {
        int key = keycode_to_linux(set, codes->items[i].u);

        if (key < 0)
            return fail(error, VIR_ERR_INVALID_ARG, "cannot translate keycode %u of set %u",
                        codes->items[i].u, set);
        keys[i] = (guint)key;
    }
    return call_job_running(call, "typed to", &view, error) &&
           kxl_domain_send_keys(kanzend->host, view.id, keys, codes->len, hold_ms, error);
}

gboolean on_domain_inject_nmi(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    return check_flags(call, call->args[1].u, 0, error) &&
           call_job_running(call, "interrupted", &view, error) &&
           kxl_domain_inject_nmi(kanzend->host, view.id, error);
}

/* ---- memory ---- */

enum { MEMORY_VIRTUAL = 1, MEMORY_PHYSICAL = 2 }; /* virDomainMemoryFlags */
#define PEEK_MAX 4194304u

gboolean on_domain_memory_peek(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 size = call->args[2].u, flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    g_autofree char *path = scratch_path(kanzend, "memory");
    g_autofree char *bytes = g_malloc(MIN(size, PEEK_MAX) + 1);
    ssize_t n;
    int fd;

    if (!check_flags(call, flags, MEMORY_VIRTUAL | MEMORY_PHYSICAL, error))
        return FALSE;
    if (flags != MEMORY_VIRTUAL && flags != MEMORY_PHYSICAL)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
    if (size > PEEK_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "size %u is more than %u bytes", size, PEEK_MAX);
    if (!call_job_running(call, "looked into", &view, error) ||
        !kxl_domain_read_memory(kanzend->host, view.id, call->args[1].t, size,
                                flags == MEMORY_PHYSICAL, path, error))
        return FALSE;
    fd = take_scratch(path, error);
    if (fd < 0)
        return FALSE;
    n = read(fd, bytes, size);
    close(fd);
    if (n != (ssize_t)size)
        return fail(error, VIR_ERR_OPERATION_FAILED, "QEMU has written %zd bytes of %u", n, size);
    xdr_put_opaque(call->ret, bytes, size);
    return TRUE;
}

/* ---- display ---- */

#define GRAPHICS_SKIPAUTH 1u

static const char *display_protocol(const DomainView *view, guint index, GError **error)
{
    const DomainDef *def = definition_def(view->live);
    const DomainGraphics *graphics;

    if (index >= def->graphics->len) {
        fail(error, VIR_ERR_INTERNAL_ERROR, "No graphics backend with index %u", index);
        return NULL;
    }
    graphics = def->graphics->pdata[index];
    switch (graphics->type) {
    case DOMAIN_GRAPHICS_VNC:
        return "vnc";
    case DOMAIN_GRAPHICS_SPICE:
        return "spice";
    default:
        fail(error, VIR_ERR_INTERNAL_ERROR, "Can only open VNC or SPICE graphics backends");
        return NULL;
    }
}

static gboolean open_display(RpcCall *call, int fd, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    const char *protocol;

    if (!check_flags(call, call->args[2].u, GRAPHICS_SKIPAUTH, error) ||
        !call_running(call, "opened", &view, error))
        return FALSE;
    protocol = display_protocol(&view, call->args[1].u, error);
    return protocol != NULL &&
           kxl_domain_add_display_client(kanzend->host, view.id, protocol, fd,
                                         call->args[2].u & GRAPHICS_SKIPAUTH, error);
}

/* The client's end came with the call. */
gboolean on_domain_open_graphics(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[2].u, GRAPHICS_SKIPAUTH, error))
        return FALSE;
    if (call->packet->n_fds == 0)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "no file descriptor has come with the call");
    return open_display(call, call->packet->fds[0], error);
}

/* The client gets its end with the reply. */
gboolean on_domain_open_graphics_fd(RpcCall *call, GError **error)
{
    int pair[2];
    gboolean ok;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "socketpair: %s", g_strerror(errno));
    ok = open_display(call, pair[1], error);
    close(pair[1]);
    if (ok)
        call->reply_fd = pair[0];
    else
        close(pair[0]);
    return ok;
}

/* ---- the monitor: for people who debug ---- */

enum { MONITOR_HMP = 1 };

gboolean on_domain_monitor_command(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *answer = NULL;

    if (!check_flags(call, call->args[2].u, MONITOR_HMP, error) ||
        !call_job_running(call, "commanded", &view, error))
        return FALSE;
    answer = kxl_domain_monitor_command(kanzend->host, view.id, call->args[1].str,
                                        call->args[2].u & MONITOR_HMP, error);
    if (answer == NULL)
        return FALSE;
    xdr_put_string(call->ret, answer);
    return TRUE;
}
