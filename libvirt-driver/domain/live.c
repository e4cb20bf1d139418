/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a running domain is made of. One that kanzend started carries its XML as userdata, also over
 * reboots and to the next kanzend; one made by xl is described from its configuration.
 */
#include "random.h"
#include "registry-internal.h"

static char **list_ifnames(KxlHost *host, int domid)
{
    g_autoptr(GPtrArray) nics = kxl_domain_nic_list(host, domid, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; nics != NULL && i < nics->len; i++) {
        const KxlDeviceInfo *nic = nics->pdata[i];

        if (nic->ifname == NULL) /* user networking: the rest could not be told apart */
            break;
        g_ptr_array_add(names, g_strdup(nic->ifname));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static char **list_serial_ttys(KxlHost *host, int domid, guint n_serials)
{
    g_autoptr(GPtrArray) ttys = g_ptr_array_new();

    for (guint i = 0; i < n_serials; i++) {
        char *tty = kxl_domain_console_tty(host, domid, "serial", i, NULL);

        if (tty == NULL)
            break;
        g_ptr_array_add(ttys, tty);
    }
    g_ptr_array_add(ttys, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&ttys), FALSE);
}

/* Adds what only a running domain has. What cannot be learned is left out. */
static void add_live_parts(DomainRegistry *registry, DomainDef *def, int domid)
{
    KxlHost *host = registry->host;
    g_auto(GStrv) ifnames = list_ifnames(host, domid);
    g_auto(GStrv) serial_ttys = list_serial_ttys(host, domid, def->serials->len);
    g_autofree char *console_tty = kxl_domain_console_tty(host, domid, "pv", 0, NULL);
    g_autofree char *vnc_address = NULL;
    DomainLive live = { .domid = domid,
                        .ifnames = (const char *const *)ifnames,
                        .console_tty = console_tty,
                        .serial_ttys = (const char *const *)serial_ttys };

    if (!kxl_domain_vnc_address(host, domid, &vnc_address, &live.vnc_port, NULL))
        live.vnc_port = 0;
    live.vnc_address = vnc_address;
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
