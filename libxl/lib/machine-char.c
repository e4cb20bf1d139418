/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Character devices: serial and parallel ports, virtio-serial ports, the card reader. */
#include <string.h>

#include <kanzen-abi.h>

#include "machine-args.h"

/* Of a virtio-serial device; number 0 is a console's (virtio 1.2 5.3.2). */
#define MAX_PORTS 30

/* --- back ends -------------------------------------------------------------------------------- */

/* An address as xl.cfg has it, "host:port@host:port,server,nowait", taken apart. */
typedef struct {
    char *address;
    gboolean server, wait, telnet;
    guint reconnect;
} Target;

static void target_clear(Target *target)
{
    g_free(target->address);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static gboolean option_is_on(const char *option, const char *name)
{
    gsize n = strlen(name);

    return g_str_has_prefix(option, name) &&
           (option[n] == '\0' || g_str_equal(option + n, "=on") || g_str_equal(option + n, "=yes"));
}

static gboolean target_parse(const KxlSerial *serial, Target *target, GError **error)
{
    g_auto(GStrv) parts = kxl_options_split(serial->target ? serial->target : "");

    target->address = g_strdup(parts[0]);
    target->wait = TRUE; /* QEMU's default */
    target->reconnect = serial->reconnect_secs;
    for (guint i = 1; parts[i]; i++) {
        if (option_is_on(parts[i], "server"))
            target->server = TRUE;
        else if (option_is_on(parts[i], "nowait") || g_str_equal(parts[i], "wait=off"))
            target->wait = FALSE;
        else if (option_is_on(parts[i], "telnet"))
            target->telnet = TRUE;
        else if (g_str_has_prefix(parts[i], "reconnect="))
            target->reconnect = (guint)g_ascii_strtoull(strchr(parts[i], '=') + 1, NULL, 10);
        else if (*parts[i])
            return kxl_args_unsupported(error, "serial '%s:%s': option '%s'", serial->kind,
                                        serial->target, parts[i]);
    }
    return TRUE;
}

/* "host:port" in two; an empty host is `host`. FALSE: no port. */
static gboolean split_address(const char *address, const char *host, char **ret_host,
                              char **ret_port)
{
    const char *colon = strrchr(address, ':');
    gboolean brackets = colon && address[0] == '[' && colon[-1] == ']';

    if (!colon || !colon[1])
        return FALSE;
    *ret_port = kxl_args_quote(colon + 1);
    if (brackets)
        *ret_host = g_strndup(address + 1, (gsize)(colon - address) - 2);
    else
        *ret_host = colon > address ? g_strndup(address, (gsize)(colon - address)) : g_strdup(host);
    return TRUE;
}

/* What the builders below get: the option's beginning is "kind,id=...", its end the log. */
typedef struct {
    const KxlSerial *serial;
    GString *out;
} Backend;

static gboolean add_path(const Backend *b, const char *path, GError **error)
{
    g_autofree char *quoted = kxl_args_quote(path ? path : "");

    if (!*quoted)
        return kxl_args_unsupported(error, "serial '%s' without a target", b->serial->kind);
    g_string_append_printf(b->out, ",path=%s", quoted);
    return TRUE;
}

static gboolean add_plain(const Backend *b, GError **error)
{
    return TRUE;
}

static gboolean add_path_only(const Backend *b, GError **error)
{
    return add_path(b, b->serial->target, error);
}

static gboolean add_file(const Backend *b, GError **error)
{
    if (!add_path(b, b->serial->target, error))
        return FALSE;
    g_string_append_printf(b->out, ",append=%s", b->serial->append == KXL_YES ? "on" : "off");
    return TRUE;
}

/* Both kinds of socket: what stands behind the address. */
static gboolean add_socket_options(const Backend *b, const Target *target, GError **error)
{
    if (target->server && target->wait)
        return kxl_args_unsupported(error, "serial '%s:%s': to wait for a client (no 'nowait')",
                                    b->serial->kind, b->serial->target);
    if (target->server)
        g_string_append(b->out, ",server=on,wait=off");
    else if (target->reconnect)
        g_string_append_printf(b->out, ",reconnect=%u", target->reconnect);
    return TRUE;
}

static gboolean add_unix(const Backend *b, GError **error)
{
    g_auto(Target) target = { 0 };

    return target_parse(b->serial, &target, error) && add_path(b, target.address, error) &&
           add_socket_options(b, &target, error);
}

static gboolean add_tcp(const Backend *b, GError **error)
{
    g_auto(Target) target = { 0 };
    g_autofree char *host = NULL, *port = NULL;

    if (!target_parse(b->serial, &target, error))
        return FALSE;
    if (!split_address(target.address, "127.0.0.1", &host, &port))
        return kxl_args_unsupported(error, "serial '%s:%s' without a port", b->serial->kind,
                                    target.address);
    g_string_append_printf(b->out, ",host=%s,port=%s", host, port);
    if (target.telnet || g_str_equal(b->serial->kind, "telnet"))
        g_string_append(b->out, ",telnet=on");
    return add_socket_options(b, &target, error);
}

/* "host:port@localhost:localport"; the second part may be missing. */
static gboolean add_udp(const Backend *b, GError **error)
{
    g_auto(Target) target = { 0 };
    g_autofree char *host = NULL, *port = NULL, *local_host = NULL, *local_port = NULL;
    char *at;

    if (!target_parse(b->serial, &target, error))
        return FALSE;
    at = strchr(target.address, '@');
    if (at)
        *at++ = '\0';
    if (!split_address(target.address, "127.0.0.1", &host, &port))
        return kxl_args_unsupported(error, "serial 'udp:%s' without a port to send to",
                                    b->serial->target ? b->serial->target : "");
    g_string_append_printf(b->out, ",host=%s,port=%s", host, port);
    if (at && split_address(at, "0.0.0.0", &local_host, &local_port))
        g_string_append_printf(b->out, ",localaddr=%s,localport=%s", local_host, local_port);
    return TRUE;
}

static gboolean add_spice_port(const Backend *b, GError **error)
{
    g_autofree char *quoted = kxl_args_quote(b->serial->target ? b->serial->target : "");

    if (!*quoted)
        return kxl_args_unsupported(error, "spiceport without a channel name");
    g_string_append_printf(b->out, ",name=%s", quoted);
    return TRUE;
}

/* The only channel of SPICE's that a port may be besides USB's is its agent's. */
static gboolean add_spice_agent(const Backend *b, GError **error)
{
    g_string_append(b->out, ",name=vdagent");
    return TRUE;
}

static gboolean add_agent(const Backend *b, GError **error)
{
    g_string_append_printf(b->out, ",name=vdagent,clipboard=%s,mouse=%s",
                           b->serial->clipboard == KXL_YES ? "on" : "off",
                           b->serial->mouse == KXL_NO ? "off" : "on");
    return TRUE;
}

/* xl.cfg's and libvirt's kinds, and the QEMU back end of each. */
static const struct {
    const char *kind, *backend;
    gboolean (*add)(const Backend *b, GError **error);
} backends[] = {
    { "pty", "pty", add_plain },
    { "null", "null", add_plain },
    { "vc", "vc", add_plain },
    { "file", "file", add_file },
    { "pipe", "pipe", add_path_only },
    { "dev", "serial", add_path_only },
    { "unix", "socket", add_unix },
    { "tcp", "socket", add_tcp },
    { "telnet", "socket", add_tcp },
    { "udp", "udp", add_udp },
    { "spicevmc", "spicevmc", add_spice_agent },
    { "spiceport", "spiceport", add_spice_port },
    { "qemu-vdagent", "qemu-vdagent", add_agent },
};

static void add_log(GString *out, const KxlSerial *serial, const char *log)
{
    g_autofree char *quoted = kxl_args_quote(serial->log ? serial->log : log ? log : "");
    /* Ours is the history of the domain's lives, a log that was asked for is as asked. */
    gboolean append = serial->log ? serial->log_append == KXL_YES : TRUE;

    if (*quoted)
        g_string_append_printf(out, ",logfile=%s,logappend=%s", quoted, append ? "on" : "off");
}

gboolean kxl_args_chardev(KxlArgs *args, const KxlSerial *serial, const char *id, const char *log,
                          GError **error)
{
    const char *kind = serial->kind ? serial->kind : "pty";

    for (guint i = 0; i < G_N_ELEMENTS(backends); i++) {
        g_autoptr(GString) out = NULL;

        if (!g_str_equal(backends[i].kind, kind))
            continue;
        out = g_string_new(NULL);
        g_string_printf(out, "%s,id=%s", backends[i].backend, id);
        if (!backends[i].add(&(const Backend){ .serial = serial, .out = out }, error))
            return FALSE;
        add_log(out, serial, log);
        kxl_args_add(args, "-chardev", "%s", out->str);
        return TRUE;
    }
    return kxl_args_unsupported(error, "serial '%s'", kind);
}

/* --- serial and parallel ports ---------------------------------------------------------------- */

/* The ISA ports have fixed places, the others none. */
static gboolean add_serial(KxlArgs *args, const KxlMachine *m, guint i, guint *isa, GError **error)
{
    const KxlSerial *serial = m->config->serials->pdata[i];
    const char *kind = serial->kind ? serial->kind : "pty";
    const char *model = serial->model ? serial->model : "isa-serial";
    g_autofree char *id = g_strdup_printf("serial%u", i);
    g_autofree char *suffix = i ? g_strdup_printf("-%u", i) : g_strdup("");
    g_autofree char *log =
        g_strdup_printf("%s/console-%s%s.log", m->log_dir, m->config->name, suffix);

    /* The port before another one, which keeps its place. */
    if (g_str_equal(kind, "none")) {
        ++*isa;
        return TRUE;
    }
    /* A file has it all already. */
    if (!kxl_args_chardev(args, serial, id, g_str_equal(kind, "file") ? NULL : log, error))
        return FALSE;
    if (g_str_equal(model, "isa-serial")) {
        if (*isa >= 4)
            return kxl_args_unsupported(error, "serial: more than four ISA ports");
        kxl_args_add(args, "-device", "isa-serial,chardev=%s,index=%u", id, (*isa)++);
    } else if (g_str_equal(model, "pci-serial") || g_str_equal(model, "usb-serial")) {
        kxl_args_add(args, "-device", "%s,chardev=%s,id=%s-dev", model, id, id);
    } else {
        return kxl_args_unsupported(error, "serial: model '%s'", model);
    }
    return TRUE;
}

static gboolean add_parallel(KxlArgs *args, const KxlSerial *parallel, guint i, GError **error)
{
    g_autofree char *id = g_strdup_printf("parallel%u", i);

    if (i >= 3)
        return kxl_args_unsupported(error, "parallel: more than three ports");
    if (g_strcmp0(parallel->kind, "dev") == 0) {
        g_autofree char *path = kxl_args_quote(parallel->target ? parallel->target : "");

        kxl_args_add(args, "-chardev", "parallel,id=%s,path=%s", id, path);
    } else if (!kxl_args_chardev(args, parallel, id, NULL, error)) {
        return FALSE;
    }
    kxl_args_add(args, "-device", "isa-parallel,chardev=%s,index=%u", id, i);
    return TRUE;
}

gboolean kxl_args_serials(KxlArgs *args, const KxlMachine *m, GError **error)
{
    guint isa = 0;

    for (guint i = 0; i < m->config->serials->len; i++)
        if (!add_serial(args, m, i, &isa, error))
            return FALSE;
    for (guint i = 0; i < m->config->parallels->len; i++)
        if (!add_parallel(args, m->config->parallels->pdata[i], i, error))
            return FALSE;
    return TRUE;
}

/* --- virtio-serial ports ---------------------------------------------------------------------- */

/* Numbers that were asked for first, so that those given here do not take them. */
static guint32 numbers_taken(const KxlDomainConfig *config)
{
    guint32 taken = 0;

    for (guint i = 0; i < config->ports->len; i++) {
        int number = ((const KxlSerial *)config->ports->pdata[i])->number;

        if (number >= 0 && number <= MAX_PORTS)
            taken |= 1U << number;
    }
    return taken;
}

static guint next_number(guint32 *taken, gboolean is_console)
{
    guint number = is_console ? 0 : 1;

    while (*taken & (1U << number))
        number++;
    *taken |= 1U << number;
    return number;
}

static gboolean add_port(KxlArgs *args, const KxlSerial *port, guint i, guint32 *taken,
                         GError **error)
{
    g_autofree char *id = g_strdup_printf("port%u", i);
    g_autoptr(GString) device = g_string_new(port->name ? "virtserialport" : "virtconsole");

    if (!kxl_args_chardev(args, port, id, NULL, error))
        return FALSE;
    if (port->number > MAX_PORTS)
        return kxl_args_unsupported(error, "channel '%s': port %d", port->name ? port->name : "",
                                    port->number);
    g_string_append_printf(device, ",bus=virtio-serial0.0,nr=%u,chardev=%s,id=%s-dev",
                           port->number >= 0 ? (guint)port->number
                                             : next_number(taken, port->name == NULL),
                           id, id);
    if (port->name && *port->name) {
        g_autofree char *name = kxl_args_quote(port->name);

        g_string_append_printf(device, ",name=%s", name);
    }
    kxl_args_add(args, "-device", "%s", device->str);
    return TRUE;
}

/* The back end of a channel; free the target. FALSE: it has no name. */
static gboolean channel_port(const KxlDeviceChannel *channel, KxlSerial *ret_port, GError **error)
{
    gboolean is_unix = g_strcmp0(channel->kind, "unix") == 0;
    g_autofree char *path = kxl_args_quote(channel->path ? channel->path : "");

    if (!channel->name)
        return kxl_args_unsupported(error, "channel without a name");
    *ret_port = (KxlSerial){ .kind = channel->kind,
                             .target = is_unix ? g_strconcat(path, ",server,nowait", NULL) : NULL,
                             .name = channel->name,
                             .number = -1 };
    return TRUE;
}

/* channel= of xl.cfg(5). A PV guest finds it as one more console, an HVM guest as a port of that
 * name. */
static gboolean add_channel(KxlArgs *args, const KxlDeviceChannel *channel, guint i,
                            guint32 *taken, GError **error)
{
    KxlSerial port;
    g_autofree char *target = NULL;

    if (!channel_port(channel, &port, error))
        return FALSE;
    target = port.target;
    return add_port(args, &port, i, taken, error);
}

gboolean kxl_args_ports(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    guint ports = config->ports->len, channels = config->channels->len;
    guint32 taken = numbers_taken(config);

    if (ports + channels == 0)
        return TRUE;
    if (ports + channels > MAX_PORTS)
        return kxl_args_unsupported(error, "channel: more than %d of them", MAX_PORTS);
    if (!kxl_controller_find(config, "virtio-serial", 0))
        kxl_args_add(args, "-device", "virtio-serial-pci,id=virtio-serial0");
    for (guint i = 0; i < ports; i++)
        if (!add_port(args, config->ports->pdata[i], i, &taken, error))
            return FALSE;
    for (guint i = 0; i < channels; i++)
        if (!add_channel(args, config->channels->pdata[i], ports + i, &taken, error))
            return FALSE;
    return TRUE;
}

/* --- a PV domain's consoles ------------------------------------------------------------------- */

static void add_console_port(KxlArgs *args, guint devid, const char *id)
{
    kxl_args_add(args, "-device",
                 "virtserialport,bus=vser.0,nr=%u,chardev=%s,name=" KZ_PORT_CONSOLE_PREFIX "%u",
                 2 + devid, id, devid);
}

static gboolean add_pv_console(KxlArgs *args, const KxlMachine *m, guint i, GError **error)
{
    const KxlSerial *console = m->config->serials->pdata[i];
    g_autofree char *id = g_strdup_printf("console%u", i + 1);
    g_autofree char *log =
        g_strdup_printf("%s/console-%s-%u.log", m->log_dir, m->config->name, i + 1);
    gboolean is_file = g_strcmp0(console->kind, "file") == 0; /* it has it all already */

    if (!kxl_args_chardev(args, console, id, is_file ? NULL : log, error))
        return FALSE;
    add_console_port(args, i + 1, id);
    return TRUE;
}

static gboolean add_pv_channel(KxlArgs *args, const KxlDeviceChannel *channel, guint i, guint devid,
                               GError **error)
{
    g_autofree char *id = g_strdup_printf("port%u", i), *target = NULL;
    KxlSerial port;

    if (!channel_port(channel, &port, error))
        return FALSE;
    target = port.target;
    if (!kxl_args_chardev(args, &port, id, NULL, error))
        return FALSE;
    add_console_port(args, devid, id);
    return TRUE;
}

/* As under Xen a channel is a console that has a name. */
gboolean kxl_args_pv_consoles(KxlArgs *args, const KxlMachine *m, GError **error)
{
    guint consoles = m->config->serials->len, channels = m->config->channels->len;

    if (consoles + channels > KZ_MAX_CONSOLES)
        return kxl_args_unsupported(error, "more than %d consoles and channels beside the first",
                                    KZ_MAX_CONSOLES);
    for (guint i = 0; i < consoles; i++)
        if (!add_pv_console(args, m, i, error))
            return FALSE;
    for (guint i = 0; i < channels; i++)
        if (!add_pv_channel(args, m->config->channels->pdata[i], i, 1 + consoles + i, error))
            return FALSE;
    return TRUE;
}

/* --- card reader ------------------------------------------------------------------------------ */

static gboolean add_emulated_card(KxlArgs *args, const KxlDeviceSmartcard *card, guint i,
                                  GError **error)
{
    g_autoptr(GString) out = g_string_new("ccid-card-emulated");
    g_autofree char *database = card->database ? kxl_args_quote(card->database) : NULL;

    if (card->certificates == NULL) {
        g_string_append(out, ",backend=nss-emulated");
    } else {
        g_string_append(out, ",backend=certificates");
        for (guint n = 0; card->certificates[n]; n++) {
            g_autofree char *name = kxl_args_quote(card->certificates[n]);

            g_string_append_printf(out, ",cert%u=%s", n + 1, name);
        }
        g_string_append_printf(out, ",db=%s", database ? database : "/etc/pki/nssdb");
    }
    kxl_args_add(args, "-device", "%s,id=smartcard%u,bus=ccid%u.0", out->str, i, i);
    return TRUE;
}

gboolean kxl_args_smartcards(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->smartcards->len; i++) {
        const KxlDeviceSmartcard *card = config->smartcards->pdata[i];
        g_autofree char *id = g_strdup_printf("charsmartcard%u", i);

        if (!kxl_controller_find(config, "ccid", i))
            kxl_args_add(args, "-device", "usb-ccid,id=ccid%u", i);
        if (g_strcmp0(card->mode, "passthrough") != 0) {
            if (!add_emulated_card(args, card, i, error))
                return FALSE;
            continue;
        }
        if (g_strcmp0(card->chardev.kind, "spicevmc") == 0)
            kxl_args_add(args, "-chardev", "spicevmc,id=%s,name=smartcard", id);
        else if (!kxl_args_chardev(args, &card->chardev, id, NULL, error))
            return FALSE;
        kxl_args_add(args, "-device", "ccid-card-passthru,chardev=%s,id=smartcard%u,bus=ccid%u.0",
                     id, i, i);
    }
    return TRUE;
}
