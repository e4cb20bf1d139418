/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a running domain is made of. One that kanzend started carries its XML as userdata, also over
 * reboots and to the next kanzend; one made by xl is described from its configuration.
 */
#include "random.h"
#include "registry-internal.h"

/* "" for those that have none: user networking, functions of a card. */
static char **list_ifnames(KxlHost *host, int domid)
{
    g_autoptr(GPtrArray) nics = kxl_domain_nic_list(host, domid, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; nics != NULL && i < nics->len; i++) {
        const KxlDeviceInfo *nic = nics->pdata[i];

        g_ptr_array_add(names, g_strdup(nic->ifname != NULL ? nic->ifname : ""));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* "" for those that are on no terminal. */
static char **list_ttys(KxlHost *host, int domid, const char *kind, guint count)
{
    char **ttys = g_new0(char *, count + 1);

    for (guint i = 0; i < count; i++) {
        ttys[i] = kxl_domain_console_tty(host, domid, kind, i, NULL);
        if (ttys[i] == NULL)
            ttys[i] = g_strdup("");
    }
    return ttys;
}

static guint count_ports(const KxlDomainConfig *config)
{
    return config->ports->len + config->channels->len;
}

/* "" for those that have no socket. */
static char **list_port_paths(const KxlDomainConfig *config)
{
    char **paths = g_new0(char *, count_ports(config) + 1);
    guint n = 0;

    for (guint i = 0; i < config->ports->len; i++) {
        const KxlSerial *port = config->ports->pdata[i];
        g_auto(GStrv) parts = kxl_options_split(port->target != NULL ? port->target : "");
        paths[n++] = g_strdup(g_strcmp0(port->kind, "unix") == 0 ? parts[0] : "");
    }
    for (guint i = 0; i < config->channels->len; i++) {
        const KxlDeviceChannel *channel = config->channels->pdata[i];
        paths[n++] = g_strdup(channel->path != NULL ? channel->path : "");
    }
    return paths;
}

typedef const char *const *Texts;

static void add_displays(DomainLive *live, const KxlDisplayInfo *displays)
{
    if (displays == NULL)
        return;
    live->vnc_address = displays->vnc_address;
    live->vnc_port = displays->vnc_port;
    live->vnc_websocket = displays->vnc_websocket;
    live->vnc_socket = displays->vnc_socket;
    live->spice_port = displays->spice_port;
    live->spice_tls_port = displays->spice_tls_port;
}

/* Adds what only a running domain has. What cannot be learned is left out. */
static void add_live_parts(DomainRegistry *registry, DomainDef *def, int domid)
{
    KxlHost *host = registry->host;
    g_autoptr(KxlDomainConfig) found = kxl_domain_get_config(host, domid, NULL);
    g_autoptr(KxlDomainConfig) config = found != NULL ? g_steal_pointer(&found)
                                                      : kxl_domain_config_new();
    g_autoptr(KxlDisplayInfo) displays = kxl_domain_get_displays(host, domid, NULL);
    g_auto(GStrv) ifnames = list_ifnames(host, domid);
    g_auto(GStrv) serial_ttys = list_ttys(host, domid, "serial", config->serials->len);
    g_auto(GStrv) parallel_ttys = list_ttys(host, domid, "parallel", def->parallels->len);
    g_auto(GStrv) port_ttys = list_ttys(host, domid, "port", count_ports(config));
    g_auto(GStrv) port_paths = list_port_paths(config);
    g_auto(GStrv) console_ttys = list_ttys(host, domid, "pv", def->consoles->len);
    DomainLive live = { .domid = domid,
                        .ifnames = (Texts)ifnames,
                        .console_ttys = (Texts)console_ttys,
                        .serial_ttys = (Texts)serial_ttys,
                        .parallel_ttys = (Texts)parallel_ttys,
                        .port_ttys = (Texts)port_ttys,
                        .port_paths = (Texts)port_paths,
                        .vsock_cid = (guint)config->vsock_cid };

    add_displays(&live, displays);
    domain_def_set_live(def, &live);
}

static DomainDef *from_userdata(DomainRegistry *registry, const KxlDomainInfo *info)
{
    g_autofree char *xml =
        kxl_domain_userdata_load(registry->host, info->domid, LIVE_USERDATA_KEY, NULL);
    g_autoptr(GError) error = NULL;
    DomainDef *def;

    if (xml == NULL)
        return NULL;
    def = domain_def_parse(xml, DOMAIN_XML_PARSE_NONE, &error);
    if (def == NULL)
        g_warning("domain: the XML kept with domain %d '%s' is bad, ignoring it: %s", info->domid,
                  info->name, error->message);
    return def;
}

static DomainDef *from_config(DomainRegistry *registry, const KxlDomainInfo *info, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(registry->host, info->domid, error);
    DomainXmlCaps caps = registry->xml_caps;
    g_autoptr(DomainDef) def = NULL;

    if (config == NULL)
        return NULL;
    caps.for_conversion = TRUE; /* it runs already */
    def = domain_def_from_config(config, &caps, error);
    if (def == NULL || !domain_def_complete(def, &caps, random_fill, error))
        return NULL;
    return g_steal_pointer(&def);
}

/* What xl may have changed since. */
static void follow_info(DomainDef *def, const KxlDomainInfo *info)
{
    if (g_strcmp0(def->name, info->name) != 0) {
        g_free(def->name);
        def->name = g_strdup(info->name);
    }
    if (def->uuid == NULL)
        def->uuid = g_strdup(info->uuid);
}

Definition *live_definition_load(DomainRegistry *registry, const KxlDomainInfo *info,
                                 GError **error)
{
    g_autoptr(DomainDef) def = NULL;
    g_autoptr(Definition) definition = NULL;
    gboolean ours;

    if (info->domid == 0)
        return domain_0_definition(info);
    def = from_userdata(registry, info);
    ours = def != NULL;
    if (def == NULL)
        def = from_config(registry, info, error);
    if (def == NULL)
        return NULL;
    follow_info(def, info);
    if (def->id == info->domid)
        return definition_new(g_steal_pointer(&def));

    add_live_parts(registry, def, info->domid);
    definition = definition_new(g_steal_pointer(&def));
    if (ours) {
        g_autoptr(GError) not_kept = NULL;
        const char *xml = definition_xml(definition, DOMAIN_XML_FORMAT_SECURE);

        if (!kxl_domain_userdata_store(registry->host, info->domid, LIVE_USERDATA_KEY, xml,
                                       &not_kept))
            g_warning("domain: cannot keep the XML of domain %d '%s': %s", info->domid, info->name,
                      not_kept->message);
    }
    return g_steal_pointer(&definition);
}
