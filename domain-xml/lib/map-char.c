/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <serial>, <parallel>, <console> and <channel>. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

static const DomainCharSource no_source;

static const DomainCharSource *source_at(const GPtrArray *sources, guint i)
{
    return i < sources->len ? g_ptr_array_index(sources, i) : &no_source;
}

static KxlTristate tristate(const char *word, const char *yes)
{
    return word == NULL ? KXL_DEFAULT : strcmp(word, yes) == 0 ? KXL_YES : KXL_NO;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static gboolean is_server(const DomainCharSource *source)
{
    return g_strcmp0(source->mode, "bind") == 0 || g_strcmp0(source->mode, "server") == 0;
}

/* ---- a character device in the manner of QEMU's -serial ---- */

/* libvirt's types, and xl.cfg's words for them as far as its serial= has them. tcp with the telnet
 * protocol is "telnet". */
static const struct {
    DomainCharType type;
    const char *kind;
} kinds[] = {
    { DOMAIN_CHAR_PTY, "pty" },   { DOMAIN_CHAR_NULL, "null" }, { DOMAIN_CHAR_STDIO, "stdio" },
    { DOMAIN_CHAR_VC, "vc" },     { DOMAIN_CHAR_FILE, "file" }, { DOMAIN_CHAR_PIPE, "pipe" },
    { DOMAIN_CHAR_DEV, "dev" },   { DOMAIN_CHAR_TCP, "tcp" },   { DOMAIN_CHAR_UDP, "udp" },
    { DOMAIN_CHAR_UNIX, "unix" }, { DOMAIN_CHAR_SPICEVMC, "spicevmc" },
    { DOMAIN_CHAR_SPICEPORT, "spiceport" }, { DOMAIN_CHAR_QEMU_VDAGENT, "qemu-vdagent" },
};

static const char *kind_of(int type, const char *protocol)
{
    if (type == DOMAIN_CHAR_TCP && g_strcmp0(protocol, "telnet") == 0)
        return "telnet";
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (type == (int)kinds[i].type)
            return kinds[i].kind;
    return NULL;
}

/* Only virtio ports can lead into SPICE or to QEMU's own agent. */
static gboolean is_for_ports_only(int type)
{
    return type == DOMAIN_CHAR_SPICEVMC || type == DOMAIN_CHAR_SPICEPORT ||
           type == DOMAIN_CHAR_QEMU_VDAGENT;
}

/* "host:service"; new string. */
static char *address_of(const DomainCharSource *source)
{
    const char *host = or_empty(source->host);
    gboolean is_ipv6 = strchr(host, ':') != NULL && host[0] != '[';

    return g_strdup_printf(is_ipv6 ? "[%s]:%s" : "%s:%s", host, or_empty(source->service));
}

/* What stands behind "kind:"; NULL for kinds that need nothing. */
static char *target_of(int type, const GPtrArray *sources)
{
    const DomainCharSource *first = source_at(sources, 0);
    const char *listens = is_server(first) ? ",server,nowait" : "";

    switch ((DomainCharType)type) {
    case DOMAIN_CHAR_FILE:
    case DOMAIN_CHAR_PIPE:
    case DOMAIN_CHAR_DEV:
        return g_strdup(first->path);
    case DOMAIN_CHAR_SPICEPORT:
        return g_strdup(first->channel);
    case DOMAIN_CHAR_TCP: {
        g_autofree char *address = address_of(first);
        return g_strconcat(address, listens, NULL);
    }
    case DOMAIN_CHAR_UNIX: {
        g_autofree char *path = kxl_options_quote(or_empty(first->path));
        return g_strdup_printf("%s%s", path, listens);
    }
    case DOMAIN_CHAR_UDP: {
        gboolean first_binds = is_server(first);
        const DomainCharSource *connect = first_binds ? source_at(sources, 1) : first;
        const DomainCharSource *bind = first_binds ? first : source_at(sources, 1);
        g_autofree char *to = address_of(connect), *from = address_of(bind);
        return bind->service == NULL ? g_steal_pointer(&to) : g_strconcat(to, "@", from, NULL);
    }
    default:
        return NULL;
    }
}

static gboolean set_backend(KxlSerial *serial, int type, const char *protocol,
                            const GPtrArray *sources, GError **error)
{
    const DomainCharSource *first = source_at(sources, 0);
    const char *kind = kind_of(type, protocol);

    if (kind == NULL)
        return fail_check(error, UNSUPPORTED, "unsupported type of a character device");
    serial->kind = g_strdup(kind);
    serial->target = target_of(type, sources);
    serial->append = tristate(first->append, "on");
    if (g_strcmp0(first->reconnect, "yes") == 0)
        serial->reconnect_secs =
            first->reconnect_timeout != NULL
                ? (guint)g_ascii_strtoull(first->reconnect_timeout, NULL, 10)
                : 1;
    serial->clipboard = tristate(first->clipboard, "yes");
    serial->mouse = tristate(first->mouse, "client");
    return TRUE;
}

gboolean map_source_to_serial(const char *type, const char *protocol, const GPtrArray *sources,
                              KxlSerial *serial, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(type, kinds[i].kind) == 0)
            return set_backend(serial, (int)kinds[i].type, protocol, sources, error);
    return fail_check(error, UNSUPPORTED, "unsupported type '%s' of a character device",
                      or_empty(type));
}

/* The device as an element of list. */
static KxlSerial *add_char(const DomainChar *device, GPtrArray *list, GError **error)
{
    KxlSerial *serial = kxl_serial_new();

    g_ptr_array_add(list, serial);
    if (!set_backend(serial, device->type, device->protocol, device->sources, error))
        return NULL;
    serial->log = g_strdup(device->log_file);
    serial->log_append = tristate(device->log_append, "on");
    return serial;
}

static const char *serial_model(const DomainChar *device)
{
    if (device->target_model != NULL)
        return device->target_model;
    if (device->target_type == DOMAIN_CHAR_TARGET_PCI_SERIAL)
        return "pci-serial";
    return device->target_type == DOMAIN_CHAR_TARGET_USB_SERIAL ? "usb-serial" : "isa-serial";
}

static gboolean add_serial(const DomainChar *device, KxlDomainConfig *config, GError **error)
{
    const char *model = serial_model(device);
    KxlSerial *serial;

    if (is_for_ports_only(device->type))
        return fail_check(error, UNSUPPORTED, "unsupported chardev type of a serial port");
    serial = add_char(device, config->serials, error);
    if (serial == NULL)
        return FALSE;
    if (strcmp(model, "isa-serial") != 0)
        serial->model = g_strdup(model);
    if (strcmp(model, "usb-serial") == 0)
        config->usb = TRUE;
    return TRUE;
}

/* xl.cfg(5) has no parallel ports, xm and libvirt have: "kind:target" as text, of the first one. */
static void keep_parallel(const KxlSerial *parallel, KxlDomainConfig *config)
{
    gboolean is_dev = strcmp(parallel->kind, "dev") == 0;
    g_autofree char *text = parallel->target == NULL ? g_strdup(parallel->kind)
                            : is_dev ? g_strdup(parallel->target)
                                     : g_strconcat(parallel->kind, ":", parallel->target, NULL);

    map_add_extra(config, "parallel", text);
}

static gboolean add_parallel(const DomainChar *device, KxlDomainConfig *config, GError **error)
{
    KxlSerial *parallel;

    if (is_for_ports_only(device->type))
        return fail_check(error, UNSUPPORTED, "unsupported chardev type of a parallel port");
    parallel = add_char(device, config->parallels, error);
    if (parallel == NULL)
        return FALSE;
    if (config->parallels->len == 1)
        keep_parallel(parallel, config);
    return TRUE;
}

/* A virtio-serial port: a console without a name, or a channel with one, which may be empty. */
static gboolean add_port(const DomainChar *device, const char *name, KxlDomainConfig *config,
                         GError **error)
{
    KxlSerial *port = add_char(device, config->ports, error);
    const DomainAddress *address = device->info.address;

    if (port == NULL)
        return FALSE;
    port->name = g_strdup(name);
    if (address != NULL && address->type == DOMAIN_ADDRESS_VIRTIO_SERIAL && address->port != NULL)
        port->number = (int)g_ascii_strtoull(address->port, NULL, 10);
    return TRUE;
}

/* The agents' channel has a fixed name. */
static const char *port_name(const DomainChar *channel)
{
    if (channel->target_name != NULL)
        return channel->target_name;
    return is_for_ports_only(channel->type) && channel->type != DOMAIN_CHAR_SPICEPORT
               ? "com.redhat.spice.0"
               : "";
}

static gboolean add_xen_channel(const DomainChar *device, KxlDomainConfig *config, GError **error)
{
    const DomainCharSource *source = source_at(device->sources, 0);
    gboolean is_unix = device->type == DOMAIN_CHAR_UNIX;

    if (device->type != DOMAIN_CHAR_PTY && !is_unix)
        return fail_check(error, UNSUPPORTED, "channel source type not supported");
    if (device->target_name == NULL)
        return fail_check(error, SYNTAX, "channel target name missing");
    KxlDeviceChannel *channel = kxl_device_channel_new();
    channel->kind = g_strdup(is_unix ? "unix" : "pty");
    channel->name = g_strdup(device->target_name);
    channel->path = is_unix ? g_strdup(source->path) : NULL;
    g_ptr_array_add(config->channels, channel);
    return TRUE;
}

static gboolean add_channel(const DomainChar *device, KxlDomainConfig *config, GError **error)
{
    return device->target_type == DOMAIN_CHAR_TARGET_VIRTIO
               ? add_port(device, port_name(device), config, error)
               : add_xen_channel(device, config, error);
}

static int compare_ports(gconstpointer a, gconstpointer b)
{
    const DomainChar *left = *(DomainChar *const *)a, *right = *(DomainChar *const *)b;
    return left->target_port - right->target_port;
}

static gboolean add_serials(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    g_autoptr(GPtrArray) serials = g_ptr_array_copy(def->serials, NULL, NULL);

    g_ptr_array_set_free_func(serials, NULL);
    g_ptr_array_sort(serials, compare_ports);
    for (guint i = 0; i < serials->len; i++) {
        const DomainChar *serial = g_ptr_array_index(serials, i);
        guint place = domain_serial_place(def->serials, serial);

        while (config->serials->len < place) {
            KxlSerial *gap = kxl_serial_new();

            gap->kind = g_strdup("none");
            g_ptr_array_add(config->serials, gap);
        }
        if (!add_serial(serial, config, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_port(const DomainChar *device)
{
    return device->target_type == DOMAIN_CHAR_TARGET_VIRTIO;
}

/* The first console is the console page or stands for the first serial port; a PV guest may have
 * more. An HVM guest's others are virtio's. */
static gboolean add_consoles(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    gboolean is_hvm = config->type == KXL_TYPE_HVM;

    for (guint i = 0; i < def->consoles->len; i++) {
        const DomainChar *console = g_ptr_array_index(def->consoles, i);

        if (is_port(console) && !add_port(console, NULL, config, error))
            return FALSE;
        if (!is_port(console) && i > 0 && !is_hvm && !add_serial(console, config, error))
            return FALSE;
    }
    return TRUE;
}

gboolean map_chars_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if ((domain_is_hvm(def) && !add_serials(def, config, error)) ||
        !add_consoles(def, config, error))
        return FALSE;
    for (guint i = 0; i < def->parallels->len; i++)
        if (!add_parallel(g_ptr_array_index(def->parallels, i), config, error))
            return FALSE;
    for (guint i = 0; i < def->channels->len; i++)
        if (!add_channel(g_ptr_array_index(def->channels, i), config, error))
            return FALSE;
    return TRUE;
}

/* ---- from the config ---- */

static DomainCharSource *add_source(DomainChar *device, const char *mode)
{
    DomainCharSource *source = xml_object_new(&domain_char_source_class);

    source->mode = g_strdup(mode);
    g_ptr_array_add(device->sources, source);
    return source;
}

/* "host:service" into a source; the host may be empty. */
static void set_address(DomainCharSource *source, const char *text)
{
    const char *colon = strrchr(text, ':');

    if (colon == NULL)
        colon = text + strlen(text);
    /* IPv6 has brackets, so that its colons are told from the one before the service. */
    if (text[0] == '[' && colon > text + 1 && colon[-1] == ']')
        source->host = g_strndup(text + 1, (gsize)(colon - text) - 2);
    else
        source->host = colon > text ? g_strndup(text, (gsize)(colon - text)) : NULL;
    source->service = *colon == ':' ? g_strdup(colon + 1) : g_strdup("");
}

/* The part before QEMU's options; whether "server" is one of them. */
static char *split_options(const char *target, gboolean *ret_is_server)
{
    g_auto(GStrv) parts = kxl_options_split(target);

    *ret_is_server = FALSE;
    for (guint i = 1; parts[i] != NULL; i++)
        if (strcmp(parts[i], "server") == 0 || strcmp(parts[i], "server=on") == 0)
            *ret_is_server = TRUE;
    return g_strdup(parts[0]);
}

static void set_sources(DomainChar *device, const char *target)
{
    gboolean listens;
    g_autofree char *address = split_options(target, &listens);

    switch ((DomainCharType)device->type) {
    case DOMAIN_CHAR_FILE:
    case DOMAIN_CHAR_PIPE:
    case DOMAIN_CHAR_DEV:
        add_source(device, NULL)->path = g_strdup(target);
        break;
    case DOMAIN_CHAR_UNIX:
        add_source(device, listens ? "bind" : "connect")->path = g_steal_pointer(&address);
        break;
    case DOMAIN_CHAR_TCP:
        set_address(add_source(device, listens ? "bind" : "connect"), address);
        break;
    case DOMAIN_CHAR_UDP: {
        char *at = strchr(address, '@');
        if (at != NULL) {
            *at++ = '\0';
            set_address(add_source(device, "bind"), at);
        }
        set_address(add_source(device, "connect"), address);
        break;
    }
    default:
        break;
    }
}

static DomainChar *new_char(const char *kind, const char *target)
{
    DomainChar *device = domain_char_new();
    gboolean is_telnet = g_strcmp0(kind, "telnet") == 0;

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kind, kinds[i].kind) == 0)
            device->type = (int)kinds[i].type;
    if (is_telnet)
        device->type = DOMAIN_CHAR_TCP;
    if (device->type == DOMAIN_CHAR_TCP)
        device->protocol = g_strdup(is_telnet ? "telnet" : "raw");
    set_sources(device, or_empty(target));
    return device;
}

static void map_parallel_from_config(const char *text, DomainDef *def)
{
    g_autofree char *plain = g_strdup(text[0] == '"' ? text + 1 : text);
    gsize n = strlen(plain);

    if (n > 0 && plain[n - 1] == '"')
        plain[n - 1] = '\0';
    if (*plain == '\0' || strcmp(plain, "none") == 0)
        return;
    char *colon = plain[0] != '/' ? strchr(plain, ':') : NULL;
    if (colon != NULL)
        *colon++ = '\0';
    g_ptr_array_add(def->parallels,
                    *plain == '/' ? new_char("dev", plain) : new_char(plain, colon));
}

/* An HVM guest's serial ports; a PV guest's consoles besides the console page. */
static void map_serials_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    gboolean is_hvm = config->type == KXL_TYPE_HVM;

    if (!is_hvm && config->serials->len > 0)
        g_ptr_array_add(def->consoles, domain_char_new());
    for (guint i = 0; i < config->serials->len; i++) {
        const KxlSerial *serial = g_ptr_array_index(config->serials, i);
        DomainChar *device;

        if (g_strcmp0(serial->kind, "none") == 0)
            continue;
        device = new_char(serial->kind, serial->target);
        device->target_port = (int)i;
        g_ptr_array_add(is_hvm ? def->serials : def->consoles, device);
    }
}

gboolean map_chars_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    const char *parallel = map_find_extra(config, "parallel");

    map_serials_from_config(config, def);
    if (parallel != NULL)
        map_parallel_from_config(parallel, def);
    for (guint i = 0; i < config->channels->len; i++) {
        const KxlDeviceChannel *from = g_ptr_array_index(config->channels, i);
        DomainChar *to = domain_char_new();

        to->type = g_strcmp0(from->kind, "unix") == 0 ? DOMAIN_CHAR_UNIX : DOMAIN_CHAR_PTY;
        if (to->type == DOMAIN_CHAR_UNIX)
            add_source(to, "bind")->path = g_strdup(from->path);
        to->target_type = DOMAIN_CHAR_TARGET_XEN;
        to->target_name = g_strdup(from->name);
        g_ptr_array_add(def->channels, to);
    }
    return TRUE;
}
