/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-source.h"

#include <string.h>

#include "handler-util.h"
#include "names.h"
#include "pool-type.h"
#include "xml-util.h"

#define PORT_MAX 65535

static void host_free(gpointer data)
{
    PoolHost *host = data;

    g_free(host->name);
    g_free(host);
}

static void device_free(gpointer data)
{
    PoolDevice *device = data;

    g_free(device->path);
    g_clear_pointer(&device->free_extents, g_array_unref);
    g_free(device);
}

static void auth_free(PoolAuth *auth)
{
    g_free(auth->type);
    g_free(auth->username);
    g_free(auth->secret_uuid);
    g_free(auth->secret_usage);
    g_free(auth);
}

void pool_source_init(PoolSource *source)
{
    source->hosts = g_ptr_array_new_with_free_func(host_free);
    source->devices = g_ptr_array_new_with_free_func(device_free);
}

void pool_source_clear(PoolSource *source)
{
    PoolAdapter *adapter = &source->adapter;
    char *const strings[] = { source->dir,
                              source->name,
                              source->initiator,
                              source->protocol_ver,
                              source->vendor,
                              source->product,
                              adapter->name,
                              adapter->parent,
                              adapter->parent_wwnn,
                              adapter->parent_wwpn,
                              adapter->parent_fabric_wwn,
                              adapter->wwnn,
                              adapter->wwpn };

    for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    g_clear_pointer(&source->hosts, g_ptr_array_unref);
    g_clear_pointer(&source->devices, g_ptr_array_unref);
    g_clear_pointer(&source->auth, auth_free);
}

const PoolHost *pool_source_host(const PoolSource *source)
{
    return source->hosts->len > 0 ? source->hosts->pdata[0] : NULL;
}

const PoolDevice *pool_source_device(const PoolSource *source)
{
    return source->devices->len > 0 ? source->devices->pdata[0] : NULL;
}

/* ---- reading ---- */

/* Texts that end on command lines: no control characters, and no option by their looks. */
static gboolean take_text(xmlNodePtr node, const char *path, const char *attribute, char **ret,
                          GError **error)
{
    g_autofree char *text =
        attribute != NULL ? xml_attribute(node, path, attribute) : xml_text(node, path);

    if (text != NULL && (*text == '-' || !is_plain_text(text)))
        return fail(error, VIR_ERR_XML_ERROR, "malformed %s '%s' of a storage pool source",
                    *path != '\0' ? path : attribute, text);
    *ret = g_steal_pointer(&text);
    return TRUE;
}

static gboolean parse_host(PoolSource *source, xmlNodePtr node, GError **error)
{
    PoolHost *host = g_new0(PoolHost, 1);
    g_autofree char *port = xml_attribute(node, "", "port");
    guint64 number = 0;

    g_ptr_array_add(source->hosts, host);
    if (!take_text(node, "", "name", &host->name, error))
        return FALSE;
    if (host->name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool host name");
    if (port != NULL && !g_ascii_string_to_unsigned(port, 10, 0, PORT_MAX, &number, NULL))
        return fail(error, VIR_ERR_XML_ERROR, "Invalid port number: %s", port);
    host->port = (guint)number;
    return TRUE;
}

static gboolean parse_device(PoolSource *source, xmlNodePtr node, GError **error)
{
    PoolDevice *device = g_new0(PoolDevice, 1);

    g_ptr_array_add(source->devices, device);
    if (!take_text(node, "", "path", &device->path, error))
        return FALSE;
    if (device->path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool source device path");
    return parse_yes_no(node, "", "part_separator", &device->part_separator, error);
}

/* All children of that name. */
static gboolean parse_each(PoolSource *source, xmlNodePtr node, const char *name,
                           gboolean (*parse)(PoolSource *, xmlNodePtr, GError **), GError **error)
{
    for (xmlNodePtr child = xml_find(node, name); child != NULL; child = xml_next(child)) {
        if (!parse(source, child, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_hex(xmlNodePtr node, const char *attribute, guint *ret, GError **error)
{
    g_autofree char *text = xml_attribute(node, "", attribute);
    char *end = text;
    guint64 value = text != NULL ? g_ascii_strtoull(text, &end, 0) : 0;

    if (text != NULL && (*end != '\0' || value > G_MAXUINT16 || *text == '-'))
        return fail(error, VIR_ERR_XML_ERROR, "malformed %s '%s' of an adapter's address",
                    attribute, text);
    *ret = (guint)value;
    return TRUE;
}

static gboolean parse_scsi_host(PoolAdapter *adapter, xmlNodePtr node, GError **error)
{
    xmlNodePtr address = xml_find(node, "parentaddr/address");
    g_autofree char *unique = xml_attribute(node, "parentaddr", "unique_id");
    guint64 number = 0;

    adapter->type = POOL_ADAPTER_SCSI_HOST;
    if (!take_text(node, "", "name", &adapter->name, error))
        return FALSE;
    if (xml_find(node, "parentaddr") == NULL)
        return adapter->name != NULL ||
               fail(error, VIR_ERR_XML_ERROR,
                    "Either 'name' or 'parent' must be specified for the 'scsi_host' adapter");
    if (adapter->name != NULL)
        return fail(error, VIR_ERR_XML_ERROR,
                    "Either 'name' or 'parent' can be specified, not both");
    if (address == NULL)
        return fail(error, VIR_ERR_XML_ERROR,
                    "Missing scsi_host PCI address element for parentaddr");
    if (unique == NULL || !g_ascii_string_to_unsigned(unique, 10, 0, G_MAXINT32, &number, NULL))
        return fail(error, VIR_ERR_XML_ERROR, "Missing or invalid scsi adapter 'unique_id' value");
    adapter->unique_id = (guint)number;
    return parse_hex(address, "domain", &adapter->domain, error) &&
           parse_hex(address, "bus", &adapter->bus, error) &&
           parse_hex(address, "slot", &adapter->slot, error) &&
           parse_hex(address, "function", &adapter->function, error);
}

/* A world wide name: 64 bits in hexadecimal. */
static gboolean check_wwn(const char *wwn, gboolean required, GError **error)
{
    gsize digits = wwn != NULL ? strspn(wwn, "0123456789abcdefABCDEF") : 0;

    if (wwn == NULL)
        return !required || fail(error, VIR_ERR_XML_ERROR,
                                 "'wwnn' and 'wwpn' must be specified for adapter type 'fc_host'");
    return (digits == 16 && wwn[16] == '\0') ||
           fail(error, VIR_ERR_XML_ERROR, "malformed wwn: %s", wwn);
}

static gboolean parse_fc_host(PoolAdapter *adapter, xmlNodePtr node, GError **error)
{
    const struct {
        const char *name;
        char **place;
        gboolean wwn, required;
    } rows[] = {
        { "parent", &adapter->parent, FALSE, FALSE },
        { "parent_wwnn", &adapter->parent_wwnn, TRUE, FALSE },
        { "parent_wwpn", &adapter->parent_wwpn, TRUE, FALSE },
        { "parent_fabric_wwn", &adapter->parent_fabric_wwn, TRUE, FALSE },
        { "wwnn", &adapter->wwnn, TRUE, TRUE },
        { "wwpn", &adapter->wwpn, TRUE, TRUE },
    };

    adapter->type = POOL_ADAPTER_FC_HOST;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!take_text(node, "", rows[i].name, rows[i].place, error) ||
            (rows[i].wwn && !check_wwn(*rows[i].place, rows[i].required, error)))
            return FALSE;
    }
    return parse_yes_no(node, "", "managed", &adapter->managed, error);
}

static gboolean parse_adapter(PoolAdapter *adapter, xmlNodePtr node, GError **error)
{
    g_autofree char *type = NULL;

    node = xml_find(node, "adapter");
    if (node == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool source adapter");
    type = xml_attribute(node, "", "type");
    if (type == NULL && (xmlHasProp(node, BAD_CAST "wwnn") || xmlHasProp(node, BAD_CAST "wwpn") ||
                         xmlHasProp(node, BAD_CAST "parent")))
        return fail(error, VIR_ERR_XML_ERROR,
                    "Use of 'wwnn', 'wwpn', and 'parent' attributes requires use of the adapter "
                    "'type'");
    if (type == NULL || strcmp(type, "scsi_host") == 0)
        return parse_scsi_host(adapter, node, error);
    if (strcmp(type, "fc_host") == 0)
        return parse_fc_host(adapter, node, error);
    return fail(error, VIR_ERR_XML_ERROR, "Unknown pool adapter type '%s'", type);
}

static gboolean parse_auth(PoolSource *source, xmlNodePtr node, GError **error)
{
    PoolAuth *auth;

    node = xml_find(node, "auth");
    if (node == NULL)
        return TRUE;
    auth = source->auth = g_new0(PoolAuth, 1);
    auth->type = xml_attribute(node, "", "type");
    if (!take_text(node, "", "username", &auth->username, error))
        return FALSE;
    auth->secret_uuid = xml_attribute(node, "secret", "uuid");
    auth->secret_usage = xml_attribute(node, "secret", "usage");
    if (auth->username == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing username for auth");
    if (auth->type == NULL || (strcmp(auth->type, "chap") != 0 && strcmp(auth->type, "ceph") != 0))
        return fail(error, VIR_ERR_XML_ERROR, "unknown auth type '%s'",
                    auth->type != NULL ? auth->type : "");
    if ((auth->secret_uuid != NULL) == (auth->secret_usage != NULL))
        return fail(error, VIR_ERR_XML_ERROR,
                    "auth secret must have either a usage or a uuid, and not both");
    return TRUE;
}

static gboolean parse_format(PoolSource *source, const PoolType *type, xmlNodePtr node,
                             GError **error)
{
    g_autofree char *format = xml_attribute(node, "format", "type");

    source->format = type->default_format;
    if (type->formats == NULL || format == NULL)
        return TRUE;
    source->format = word_find(type->formats, format);
    return source->format != NULL ||
           fail(error, VIR_ERR_XML_ERROR, "unknown pool format type %s", format);
}

static gboolean parse_protocol(PoolSource *source, const PoolType *type, xmlNodePtr node,
                               GError **error)
{
    source->protocol_ver = xml_attribute(node, "protocol", "ver");
    if (source->protocol_ver == NULL)
        return TRUE;
    if (!(type->source & POOL_SOURCE_PROTOCOL_VER))
        return fail(error, VIR_ERR_XML_ERROR,
                    "storage pool protocol ver unsupported for pool type '%s'", type->name);
    return strspn(source->protocol_ver, "0123456789.") == strlen(source->protocol_ver) ||
           fail(error, VIR_ERR_XML_ERROR, "storage pool protocol ver '%s' is malformed",
                source->protocol_ver);
}

/* As libvirt's: one slash for several, none at the end; POSIX lets two at the beginning mean
 * something of their own. */
static void tidy_slashes(char *path)
{
    char *to = path;

    if (g_str_has_prefix(path, "//") && path[2] != '/')
        to = ++path;
    for (const char *from = path; *from != '\0'; from++)
        if (*from != '/' || to == path || to[-1] != '/')
            *to++ = *from;
    if (to > path + 1 && to[-1] == '/')
        to--;
    *to = '\0';
}

static gboolean check_parts(const PoolSource *source, const PoolType *type, GError **error)
{
    const char *missing = NULL;

    if (strcmp(type->name, "rbd") == 0 && source->name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "element 'name' is mandatory for RBD pool");
    if ((type->source & POOL_SOURCE_HOST) && source->hosts->len == 0)
        missing = "host name";
    else if ((type->source & POOL_SOURCE_DIR) && source->dir == NULL)
        missing = "path";
    else if (type->source == POOL_SOURCE_DEVICE && source->devices->len == 0)
        missing = "device name";
    else if ((type->source & POOL_SOURCE_INITIATOR) && source->initiator == NULL)
        missing = "initiator IQN";
    return missing == NULL ||
           fail(error, VIR_ERR_XML_ERROR, "missing storage pool source %s", missing);
}

gboolean pool_source_parse(PoolSource *source, const PoolType *type, xmlNodePtr node,
                           GError **error)
{
    source->format = type->default_format;
    if (node != NULL &&
        (!take_text(node, "name", NULL, &source->name, error) ||
         !take_text(node, "dir", "path", &source->dir, error) ||
         !take_text(node, "initiator/iqn", "name", &source->initiator, error) ||
         !take_text(node, "vendor", "name", &source->vendor, error) ||
         !take_text(node, "product", "name", &source->product, error) ||
         !parse_each(source, node, "host", parse_host, error) ||
         !parse_each(source, node, "device", parse_device, error) ||
         !parse_format(source, type, node, error) || !parse_auth(source, node, error) ||
         !parse_protocol(source, type, node, error)))
        return FALSE;
    if (source->dir != NULL)
        tidy_slashes(source->dir);
    if ((type->source & POOL_SOURCE_ADAPTER) && !parse_adapter(&source->adapter, node, error))
        return FALSE;
    /* A volume's folder, unless said, is its root. */
    if (source->dir == NULL && (type->source & POOL_SOURCE_DIR) &&
        (type->source & POOL_SOURCE_NAME))
        source->dir = g_strdup("/");
    return check_parts(source, type, error);
}

/* ---- writing ---- */

static void format_attribute(GString *xml, const char *name, const char *value)
{
    if (value != NULL)
        xml_append(xml, " %s='%s'", name, value);
}

static void format_hosts(GString *xml, const GPtrArray *hosts)
{
    for (guint i = 0; i < hosts->len; i++) {
        const PoolHost *host = hosts->pdata[i];

        xml_append(xml, "    <host name='%s'", host->name);
        if (host->port != 0)
            xml_append(xml, " port='%u'", host->port);
        xml_append(xml, "/>\n");
    }
}

static const char *yes_no(Tristate value)
{
    return value == UNSAID ? NULL : value == YES ? "yes" : "no";
}

static void format_devices(GString *xml, const GPtrArray *devices)
{
    for (guint i = 0; i < devices->len; i++) {
        const PoolDevice *device = devices->pdata[i];

        xml_append(xml, "    <device path='%s'", device->path);
        format_attribute(xml, "part_separator", yes_no(device->part_separator));
        if (device->free_extents == NULL || device->free_extents->len == 0) {
            xml_append(xml, "/>\n");
            continue;
        }
        xml_append(xml, ">\n");
        for (guint n = 0; n < device->free_extents->len; n++) {
            const PoolExtent *extent = &g_array_index(device->free_extents, PoolExtent, n);

            xml_append(xml,
                       "      <freeExtent start='%" G_GUINT64_FORMAT "' end='%" G_GUINT64_FORMAT
                       "'/>\n",
                       extent->start, extent->end);
        }
        xml_append(xml, "    </device>\n");
    }
}

static void format_adapter(GString *xml, const PoolAdapter *adapter)
{
    if (adapter->type == POOL_ADAPTER_FC_HOST) {
        xml_append(xml, "    <adapter type='fc_host'");
        format_attribute(xml, "parent", adapter->parent);
        format_attribute(xml, "parent_wwnn", adapter->parent_wwnn);
        format_attribute(xml, "parent_wwpn", adapter->parent_wwpn);
        format_attribute(xml, "parent_fabric_wwn", adapter->parent_fabric_wwn);
        format_attribute(xml, "managed", yes_no(adapter->managed));
        xml_append(xml, " wwnn='%s' wwpn='%s'/>\n", adapter->wwnn, adapter->wwpn);
    } else if (adapter->name != NULL) {
        xml_append(xml, "    <adapter type='scsi_host' name='%s'/>\n", adapter->name);
    } else if (adapter->type == POOL_ADAPTER_SCSI_HOST) {
        xml_append(xml,
                   "    <adapter type='scsi_host'>\n"
                   "      <parentaddr unique_id='%u'>\n"
                   "        <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
                   "      </parentaddr>\n"
                   "    </adapter>\n",
                   adapter->unique_id, adapter->domain, adapter->bus, adapter->slot,
                   adapter->function);
    }
}

static void format_auth(GString *xml, const PoolAuth *auth)
{
    if (auth == NULL)
        return;
    xml_append(xml, "    <auth type='%s' username='%s'>\n      <secret", auth->type,
               auth->username);
    format_attribute(xml, "uuid", auth->secret_uuid);
    format_attribute(xml, "usage", auth->secret_usage);
    xml_append(xml, "/>\n    </auth>\n");
}

static void format_element(GString *xml, const char *element, const char *attribute,
                           const char *value)
{
    if (value != NULL)
        xml_append(xml, "    <%s %s='%s'/>\n", element, attribute, value);
}

void pool_source_format(GString *xml, const PoolSource *source, const PoolType *type)
{
    xml_append(xml, "  <source>\n");
    if (type->source & POOL_SOURCE_HOST)
        format_hosts(xml, source->hosts);
    if (type->source & POOL_SOURCE_DEVICE)
        format_devices(xml, source->devices);
    if (type->source & POOL_SOURCE_DIR)
        format_element(xml, "dir", "path", source->dir);
    format_adapter(xml, &source->adapter);
    if ((type->source & POOL_SOURCE_NAME) && source->name != NULL)
        xml_append(xml, "    <name>%s</name>\n", source->name);
    if (source->initiator != NULL)
        xml_append(xml, "    <initiator>\n      <iqn name='%s'/>\n    </initiator>\n",
                   source->initiator);
    if (type->formats != NULL)
        format_element(xml, "format", "type", source->format);
    format_auth(xml, source->auth);
    format_element(xml, "protocol", "ver", source->protocol_ver);
    format_element(xml, "vendor", "name", source->vendor);
    format_element(xml, "product", "name", source->product);
    xml_append(xml, "  </source>\n");
}

/* ---- comparing ---- */

static gboolean same_host(const PoolSource *a, const PoolSource *b)
{
    const PoolHost *x = pool_source_host(a), *y = pool_source_host(b);

    return x != NULL && y != NULL && strcmp(x->name, y->name) == 0 &&
           (x->port == y->port || x->port == 0 || y->port == 0);
}

static gboolean share_device(const PoolSource *a, const PoolSource *b)
{
    for (guint i = 0; i < a->devices->len; i++) {
        for (guint n = 0; n < b->devices->len; n++) {
            const PoolDevice *x = a->devices->pdata[i], *y = b->devices->pdata[n];

            if (strcmp(x->path, y->path) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

gboolean pool_source_conflicts(const PoolSource *a, const PoolSource *b, const PoolType *type)
{
    if (type->source & POOL_SOURCE_ADAPTER) {
        g_autoptr(GString) x = g_string_new(NULL), y = g_string_new(NULL);

        format_adapter(x, &a->adapter);
        format_adapter(y, &b->adapter);
        return g_string_equal(x, y);
    }
    if (type->source & POOL_SOURCE_HOST)
        return same_host(a, b) && g_strcmp0(a->dir, b->dir) == 0 &&
               g_strcmp0(a->name, b->name) == 0 && g_strcmp0(a->initiator, b->initiator) == 0 &&
               (a->devices->len == 0 || share_device(a, b));
    if ((type->source & POOL_SOURCE_NAME) && g_strcmp0(a->name, b->name) == 0)
        return TRUE;
    return share_device(a, b);
}
